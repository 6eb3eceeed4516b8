import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from particleforge.recipes.cutpaste import kernels
from particleforge.recipes.cutpaste.cutouts import Cutout, soft_edge
from particleforge.recipes.cutpaste.placement import turn
from particleforge.recipes.cutpaste.recipe import _gaussian

RNG = np.random.default_rng(0)
PATCH = RNG.random((17, 23), np.float32)
ALPHA = RNG.random((17, 23), np.float32)


def turned(matrix, shape):
    pixels, alpha = np.empty(shape, np.float32), np.empty(shape, np.float32)
    kernels.turn(PATCH, ALPHA, np.array(matrix, float), pixels, alpha)
    return pixels, alpha


def cutout_of(mask, feather_px=0.7):
    alpha = soft_edge(np.pad(mask, 3), feather_px)
    return Cutout(alpha * 100, alpha, "one", "one#1", 0.0, 1.0, 1.0, 1.0, None)


def disc(radius, squash=1.0):
    rows, columns = np.indices((2 * radius + 3,) * 2) - radius - 1
    return np.hypot(rows, columns / squash) <= radius


@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        ([[1, 0], [0, 1]], lambda image: image),
        ([[0, 1], [-1, 0]], np.rot90),
        ([[0, -1], [1, 0]], lambda image: np.rot90(image, -1)),
        ([[-1, 0], [0, -1]], lambda image: np.rot90(image, 2)),
        ([[1, 0], [0, -1]], np.fliplr),
    ],
)
def test_quarter_turns_and_flips_are_exact(matrix, expected):
    for have, source in zip(turned(matrix, expected(PATCH).shape), (PATCH, ALPHA), strict=True):
        np.testing.assert_allclose(have, expected(source), atol=1e-6)


@pytest.mark.parametrize("angle_deg", [0, 90, 180, 270, 360, -90])
@pytest.mark.parametrize("flip", [False, True])
def test_a_quarter_turn_keeps_every_pixel(angle_deg, flip):
    mask = RNG.random((14, 19)) > 0.4
    mask[6:9, 6:9] = True
    result = turn(cutout_of(mask, 0), 1.0, angle_deg, flip)
    source = np.pad(mask, 3)
    found = [np.rot90(source[:, ::-1] if flip else source, k) for k in range(4)]
    assert any(f.shape == result.alpha.shape and ((result.alpha >= 0.5) == f).all() for f in found)
    assert result.area_px == mask.sum()


@settings(deadline=None)
@given(st.floats(0, 360), st.floats(-1, 1))
def test_turning_follows_scipy(angle_deg, shear):
    angle = np.deg2rad(angle_deg)
    matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle) + shear]])
    offset = (np.array(PATCH.shape) - 1) / 2 - matrix @ np.full(2, 14.5)
    expected = ndimage.affine_transform(PATCH, matrix, offset, (30, 30), order=1, mode="constant")
    np.testing.assert_allclose(turned(matrix, (30, 30))[0], expected, atol=1e-4)


@settings(deadline=None)
@given(st.floats(0.8, 4), st.floats(0, 360), st.booleans(), st.sampled_from([1.0, 0.6]))
def test_scaling_scales_the_area_and_turning_keeps_it(scale, angle_deg, flip, squash):
    mask = disc(22, squash)
    area = turn(cutout_of(mask), scale, angle_deg, flip).area_px
    assert area == pytest.approx(scale**2 * mask.sum(), rel=0.03)


def test_sizes_have_no_bias():
    mask, rng = disc(12, 0.7), np.random.default_rng(0)
    cutout = cutout_of(mask)
    drawn = [(scale, turn(cutout, scale, rng.uniform(0, 360), True).area_px) for scale in rng.uniform(0.8, 1.3, 300)]
    assert np.mean([area / scale**2 for scale, area in drawn]) == pytest.approx(mask.sum(), rel=0.01)


@settings(deadline=None)
@given(st.floats(0.05, 1), st.floats(0, 360), st.integers(1, 5))
def test_a_particle_never_vanishes(scale, angle_deg, length):
    assert turn(cutout_of(np.ones((1, length), bool)), scale, angle_deg, False).area_px >= 1


@settings(deadline=None)
@given(
    arrays(np.float32, st.tuples(st.integers(1, 12), st.integers(1, 12)), elements=st.floats(0, 255, width=32)),
    st.floats(0.15, 1.99),
)
def test_blur_is_scipys(image, sigma):
    expected = ndimage.gaussian_filter(image, sigma, mode="nearest", truncate=4)
    np.testing.assert_allclose(kernels.blur(image, _gaussian(sigma)), expected, atol=2e-3)


def stamped(alpha, top, left, shape):
    """Where a cutout lies in a frame, by plain slicing."""
    wide = np.zeros(np.add(shape, np.multiply(alpha.shape, 2)), np.float32)
    wide[top + alpha.shape[0] :, left + alpha.shape[1] :][: alpha.shape[0], : alpha.shape[1]] = alpha
    return wide[alpha.shape[0] : -alpha.shape[0], alpha.shape[1] : -alpha.shape[1]]


@settings(deadline=None)
@given(
    arrays(np.uint32, (9, 11), elements=st.integers(0, 2), fill=st.just(0)),
    arrays(np.float32, (4, 5), elements=st.floats(0, 1, width=32)),
    st.integers(-4, 9),
    st.integers(-5, 11),
)
def test_places_are_tested_and_painted_pixel_by_pixel(labels, alpha, top, left):
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
    kernels.paste(image, after, np.full((4, 5), 20, np.float32), alpha, (top, left), (2.0, 3.0), visible, 3)
    np.testing.assert_allclose(image, 10 + over * (43 - 10), atol=1e-4)
    np.testing.assert_array_equal(after, np.where(mask, 3, labels))
    np.testing.assert_array_equal(visible[1:], np.bincount(after.ravel(), minlength=4)[1:])


@settings(deadline=None)
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
