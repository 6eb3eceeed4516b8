import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from particleforge.models.patches import Augment, Source, draw_patch, mixed

STILL = Augment(scale=1, turned=0, gamma=1, gain=1, offset=0, shading=0, noise=0, blur_sigma_px=0)
TURNED = STILL.replace(turned=1, scale="uniform(0.6, 1.6)")


def source(shape, seed=0, partly=False):
    """Labels of smooth blobs, the image is 1 on them and 0 elsewhere."""
    rng = np.random.default_rng(seed)
    labels, _ = ndimage.label(ndimage.gaussian_filter(rng.standard_normal(shape), 3) > 0.06)
    labels = (labels * 70_000).astype(np.uint32)
    known = None
    if partly:
        known = ndimage.gaussian_filter(rng.standard_normal(shape), 6) > 0
        known[shape[0] // 2, shape[1] // 2] = True
        labels[~known] = 0
    return Source((labels > 0).astype(np.float32), labels, known)


shapes = st.tuples(st.integers(20, 130), st.integers(20, 130))


@settings(max_examples=60)
@given(
    shapes, st.integers(0, 999), st.booleans(), st.sampled_from([STILL, TURNED, Augment()]), st.sampled_from([32, 96])
)
def test_patches_have_their_size_and_type(shape, seed, partly, augment, size):
    patch = draw_patch(source(shape, seed, partly), size, augment, np.random.default_rng(seed))
    for part, dtype in ((patch.image, np.float32), (patch.labels, np.uint32), (patch.known, bool)):
        if part is not None:
            assert part.shape == (size, size)
            assert part.dtype == dtype
            assert part.flags.c_contiguous
    assert np.isfinite(patch.image).all()
    if partly:
        assert patch.known is not None
    if patch.known is not None:
        assert not patch.labels[~patch.known].any()


@settings(max_examples=40)
@given(shapes, st.integers(0, 999), st.booleans())
def test_straight_patches_keep_image_and_labels_together(shape, seed, partly):
    one = source(shape, seed, partly)
    patch = draw_patch(one, 64, STILL, np.random.default_rng(seed))
    sure = np.ones(patch.labels.shape, bool) if patch.known is None else patch.known
    np.testing.assert_array_equal(patch.image[sure] > 0.5, patch.labels[sure] > 0)
    assert set(np.unique(patch.labels)) <= set(np.unique(one.labels)) | {0}
    if shape[0] < 64 or shape[1] < 64:
        assert (~sure).sum() >= 64 * 64 - min(shape[0], 64) * min(shape[1], 64)
    elif not partly:
        assert patch.known is None


@settings(max_examples=40)
@given(shapes, st.integers(0, 999))
def test_turned_patches_keep_image_and_labels_together(shape, seed):
    patch = draw_patch(source(shape, seed), 64, TURNED, np.random.default_rng(seed))
    inner = ndimage.minimum_filter(patch.known, 5)
    clear = inner & (np.abs(patch.image - 0.5) > 0.499)  # no label border within the interpolated pixels
    np.testing.assert_array_equal(patch.image[clear] > 0.5, patch.labels[clear] > 0)


@settings(max_examples=40)
@given(shapes, st.integers(0, 999), st.sampled_from([STILL, TURNED]))
def test_what_is_not_known_never_becomes_known(shape, seed, augment):
    one = source(shape, seed, partly=True)
    # Unknown pixels are marked in the image: no known pixel of a patch may show the mark.
    marked = Source(np.where(one.known, 0, 1).astype(np.float32), one.labels, one.known)
    patch = draw_patch(marked, 64, augment, np.random.default_rng(seed))
    assert patch.image[patch.known].max(initial=0) < (0.01 if augment is STILL else 0.76)
    assert patch.known.any() or augment is TURNED


def test_what_lies_outside_is_mirrored_and_unknown():
    one = Source(np.arange(600, dtype=np.float32).reshape(20, 30), np.ones((20, 30), np.uint32))
    patch = draw_patch(one, 64, STILL, np.random.default_rng(0))
    assert patch.known.sum() == 600
    assert (patch.labels > 0).sum() == 600
    assert sorted(patch.image[patch.known]) == list(range(600))
    assert set(patch.image[~patch.known]) <= set(range(600))


def test_all_of_a_source_is_seen():
    one = Source(np.zeros((100, 90), np.float32), np.arange(9000, dtype=np.uint32).reshape(100, 90))
    rng, seen = np.random.default_rng(0), np.zeros(9000, int)
    for _ in range(200):
        seen[draw_patch(one, 32, STILL, rng).labels.ravel()] += 1
    assert (seen > 0).mean() > 0.97


def test_patches_of_partly_known_images_hold_something_known():
    one = source((300, 300), 3, partly=True)
    few = np.zeros((300, 300), bool)
    few[200:204, 100:140] = True
    rare = Source(one.image, np.where(few, one.labels, 0).astype(np.uint32), few)
    rng = np.random.default_rng(1)
    assert all(draw_patch(rare, 48, STILL, rng).known.any() for _ in range(50))


def test_grey_values_are_varied_as_told():
    flat = Source(np.full((64, 64), 0.5, np.float32), np.zeros((64, 64), np.uint32))

    def patch(**changes):
        return draw_patch(flat, 64, STILL.replace(**changes), np.random.default_rng(2)).image

    assert patch(gain=1.2, offset=0.1) == pytest.approx(np.full((64, 64), 0.7))
    assert patch(gamma=2) == pytest.approx(np.full((64, 64), 0.25), abs=1e-6)
    assert patch(noise=0.1).std() == pytest.approx(0.1, rel=0.05)
    assert np.ptp(patch(shading=0.4)) == pytest.approx(0.4, rel=0.45)
    assert patch(inverted=1, offset=0.2) == pytest.approx(np.full((64, 64), 0.7))


def test_shares_of_groups_are_kept():
    one, two = source((20, 20), 1), source((20, 20), 2)
    rng = np.random.default_rng(0)
    drawn = [mixed((([one], 0.2), ([two], 0.8)), rng) is one for _ in range(3000)]
    assert np.mean(drawn) == pytest.approx(0.2, abs=0.03)
    assert mixed((([], 1.0), ([two], 0.0)), rng) is two
    assert mixed((([one], 0.0), ([], 1.0)), rng) is one
    assert all(mixed((([one], 0.0), ([two], 1.0)), rng) is two for _ in range(50))


@given(seed=st.integers(0, 10_000), turned=st.booleans())
def test_outlines_follow_the_pixels(seed: int, turned: bool) -> None:
    from skimage.draw import polygon

    corners = np.array([(20.0, 30.0), (70.0, 40.0), (60.0, 90.0), (30.0, 70.0)])
    labels = np.zeros((120, 110), np.uint32)
    labels[polygon(*corners.T, labels.shape)] = 7
    one = Source(labels.astype(np.float32), labels, None, {7: corners})
    patch = draw_patch(one, 64, TURNED if turned else STILL, np.random.default_rng(seed))
    assert patch.outlines is not None
    painted = np.zeros((64, 64), bool)
    for outline in patch.outlines.values():
        painted[polygon(*outline.T, painted.shape)] = True
    known = np.ones_like(painted) if patch.known is None else patch.known
    wrong = ndimage.binary_opening((painted != (patch.labels == 7)) & known, np.ones((2, 2)))
    assert wrong.sum() <= 4  # an edge may be a pixel off


def test_a_patch_without_particles_keeps_no_outlines() -> None:
    far = {1: np.array([(1.0, 1.0), (1.0, 4.0), (4.0, 4.0)])}
    one = Source(np.zeros((400, 400), np.float32), np.zeros((400, 400), np.uint32), None, far)
    patches = [draw_patch(one, 32, STILL, np.random.default_rng(seed)) for seed in range(5)]
    assert [patch.outlines for patch in patches] == [{}] * 5
