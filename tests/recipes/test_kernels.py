import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from particleforge.recipes import kernels
from particleforge.recipes.blur import gaussian_blur


def disc(radius):
    rows, columns = np.indices((2 * radius + 3,) * 2) - radius - 1
    return np.hypot(rows, columns) <= radius


@given(
    arrays(np.float32, st.tuples(st.integers(1, 12), st.integers(1, 12)), elements=st.floats(0, 255, width=32)),
    st.floats(0.15, 1.99),
)
def test_blur_is_scipys(image, sigma):
    expected = ndimage.gaussian_filter(image, sigma, mode="nearest", truncate=4)
    np.testing.assert_allclose(gaussian_blur(image, sigma), expected, atol=2e-3)


def stamped(alpha, top, left, shape):
    """Where a cutout lies in a frame, by plain slicing."""
    wide = np.zeros(np.add(shape, np.multiply(alpha.shape, 2)), np.float32)
    wide[top + alpha.shape[0] :, left + alpha.shape[1] :][: alpha.shape[0], : alpha.shape[1]] = alpha
    return wide[alpha.shape[0] : -alpha.shape[0], alpha.shape[1] : -alpha.shape[1]]


@given(
    arrays(np.uint32, (9, 11), elements=st.integers(0, 2), fill=st.just(0)),
    arrays(np.float32, (4, 5), elements=st.floats(0, 1, width=32)),
    st.integers(-4, 9),
    st.integers(-5, 11),
    st.sampled_from([1.0, 0.0]),
)
def test_places_are_tested_and_painted_pixel_by_pixel(labels, alpha, top, left, opacity):
    over = stamped(alpha, top, left, labels.shape)
    mask = over >= 0.5
    assert kernels.is_free(labels, alpha, top, left) == (not labels[mask].any())
    assert kernels.inside_area(labels.shape, alpha, top, left) == mask.sum()
    visible = np.bincount(labels.ravel(), minlength=4).astype(np.int64)
    lost = np.bincount(labels[mask], minlength=4)
    for needed in ([0, 0, 0, 0], [0, 1, 1, 0], [0, 2, 5, 0]):
        expected = all(visible[i] - lost[i] >= needed[i] for i in (1, 2) if lost[i])
        assert kernels.keeps_visible(labels, alpha, top, left, visible, np.array(needed)) == expected
    image, after = np.full(labels.shape, 10, np.float32), labels.copy()
    kernels.paste(image, after, np.full((4, 5), 20, np.float32), alpha, (top, left), (2.0, 3.0, opacity), visible, 3)
    np.testing.assert_allclose(image, 10 + over * (43 - opacity * 10), atol=1e-4)
    np.testing.assert_array_equal(after, np.where(mask, 3, labels))
    np.testing.assert_array_equal(visible[1:], np.bincount(after.ravel(), minlength=4)[1:])


@given(st.floats(0, 6.28), st.integers(4, 12), st.integers(3, 10))
def test_sliding_out_ends_beside_the_other(angle, radius, own):
    labels = np.zeros((90, 90), np.uint32)
    rows, columns = np.indices(labels.shape)
    labels[np.hypot(rows - 45, columns - 45) <= radius] = 1
    alpha = disc(own).astype(np.float32)
    towards = (float(np.sin(angle)), float(np.cos(angle)))
    found, top, left = kernels.slide_out(labels, alpha, (45.0, 45.0), towards, 60)
    assert found
    mine = stamped(alpha, top, left, labels.shape) >= 0.5
    assert mine.sum() == alpha.sum()
    assert not (mine & (labels > 0)).any()
    assert (ndimage.binary_dilation(mine, np.ones((3, 3))) & (labels > 0)).any()


def test_sliding_gives_up_out_of_reach():
    full = np.ones((40, 40), np.uint32)
    assert not kernels.slide_out(full, np.ones((5, 5), np.float32), (20.0, 20.0), (0.0, 1.0), 12)[0]
