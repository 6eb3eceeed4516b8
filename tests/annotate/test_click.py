import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from particleforge.annotate.click import ClickParams, find_particle, find_particle_in_box
from particleforge.errors import UserError
from particleforge.recipes.recipe import make_sample
from particleforge.recipes.shapes.recipe import Shapes

SHAPE = (240, 260)
GRID = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(float)


def ellipse(centre, long, short, turn=0.0):
    """Truth of an ellipse by its semi-axes, and of the same with soft edges."""
    down, across = GRID[0] - centre[0], GRID[1] - centre[1]
    u, v = across * math.cos(turn) + down * math.sin(turn), down * math.cos(turn) - across * math.sin(turn)
    return (u / long) ** 2 + (v / short) ** 2 <= 1


def rod(centre, length, radius, turn):
    """Truth of a rod with round ends; `length` is that of its axis."""
    down, across = GRID[0] - centre[0], GRID[1] - centre[1]
    along = across * math.cos(turn) + down * math.sin(turn)
    aside = down * math.cos(turn) - across * math.sin(turn)
    return np.hypot(np.maximum(abs(along) - length / 2, 0), aside) <= radius


def picture(masks, seed, dark=False, contrast=80.0, noise=8.0, slope=0.0):
    """Grey image: blurred masks with noise on a slope."""
    rng = np.random.default_rng(seed)
    image = ndimage.gaussian_filter(np.any(masks, 0).astype(float), 1) * (-contrast if dark else contrast)
    return (128 + image + slope * GRID[1] + rng.normal(0, noise, SHAPE)).astype(np.float32)


def full(found, shape=SHAPE):
    assert found.region is not None, found.reason
    mask = np.zeros(shape, bool)
    mask[found.region.window] = found.region.mask
    assert mask.sum() == found.region.area_px  # the window lies in the image
    return mask


def size_error(mask, truth):
    """Relative error of the diameter."""
    return math.sqrt(mask.sum() / truth.sum()) - 1


def overlap(mask, truth):
    return (mask & truth).sum() / (mask | truth).sum()


@pytest.mark.slow
@settings(max_examples=40)
@given(
    st.floats(15, 60),
    st.floats(0.6, 1),
    st.floats(0, math.pi),
    st.floats(0, 0.4),
    st.booleans(),
    st.integers(0, 1000),
)
def test_discs_and_ellipses_are_found_within_three_percent(long, aspect, turn, off, dark, seed):
    centre = np.array([118.3, 131.6])
    truth = ellipse(centre, long, long * aspect, turn)
    point = tuple(centre + off * long * aspect * np.array([math.sin(seed), math.cos(seed)]))
    mask = full(find_particle(picture([truth], seed, dark), point))
    assert abs(size_error(mask, truth)) < 0.03
    assert overlap(mask, truth) > 0.9


@settings(max_examples=20)
@given(st.floats(30, 100), st.floats(8, 16), st.floats(0, math.pi), st.booleans(), st.integers(0, 1000))
def test_rods_are_found(length, radius, turn, dark, seed):
    truth = rod((121, 128), length, radius, turn)
    mask = full(find_particle(picture([truth], seed, dark), (121, 128)))
    assert abs(size_error(mask, truth)) < 0.03
    assert overlap(mask, truth) > 0.85


def test_particles_of_a_few_pixels_are_found():
    for seed, radius in enumerate((5, 6, 8)):
        truth = ellipse((100, 100), radius, radius)
        mask = full(find_particle(picture([truth], seed), (100, 100)))
        assert abs(size_error(mask, truth)) < 0.06


def test_strong_noise_and_shading():
    truth = ellipse((120, 130), 40, 30, 0.7)
    for seed in range(5):
        mask = full(find_particle(picture([truth], seed, contrast=40, noise=20, slope=0.3), (118, 134)))
        assert overlap(mask, truth) > 0.85


def test_a_touching_neighbour_is_left_out():
    one, other = ellipse((120, 90), 35, 35), ellipse((120, 161), 35, 35)
    mask = full(find_particle(picture([one, other], 3), (120, 90)))
    assert overlap(mask, one) > 0.93
    assert (mask & other).sum() < 0.02 * other.sum()


def test_labelled_pixels_are_never_taken_and_bound_the_rest():
    one, other = ellipse((120, 100), 40, 40), ellipse((120, 150), 40, 40) & (GRID[1] > 124)
    image = picture([one, other], 4)  # they overlap: no edge between them
    labels = np.where(other, 7, 0).astype(np.uint32)
    mask = full(find_particle(image, (120, 95), labels))
    assert not (mask & other).any()
    assert overlap(mask, one & ~other) > 0.9
    assert "particle 7" in find_particle(image, (120, 150), labels).reason


def test_a_particle_cut_by_the_border_is_found_up_to_it():
    truth = ellipse((5, 100), 30, 30)
    mask = full(find_particle(picture([truth], 5), (10, 100)))
    assert overlap(mask, truth) > 0.9
    assert mask[0].any()


def test_hollow_particles_are_filled():
    truth = ellipse((120, 130), 40, 40)
    mask = full(find_particle_in_box(picture([truth & ~ellipse((120, 130), 30, 30)], 6), (79, 89), (161, 171)))
    assert overlap(mask, truth) > 0.9


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.floats(0, 1), st.floats(0, 1), st.floats(0, 6))
def test_more_tolerance_never_takes_a_pixel_away(seed, one, other, sigma):
    rng = np.random.default_rng(seed)
    image = ndimage.gaussian_filter(rng.normal(size=(120, 110)), sigma).astype(np.float32)
    labels = np.zeros(image.shape, np.uint32)
    labels[20:60, 75:100] = 3
    low, high = (
        find_particle(image, (60.2, 50.7), labels, ClickParams(tolerance=tolerance))
        for tolerance in sorted((one, other))
    )
    assert (low.region is None) == (high.region is None)
    if low.region is not None:
        assert not (full(low, image.shape) & ~full(high, image.shape)).any()


@pytest.mark.parametrize("index", range(6))
def test_synthetic_micrographs(index):
    """Regions hold the point, are connected, lie in the image and take no labelled pixel; most clicks are right."""
    sample = make_sample(Shapes(height_px=192, width_px=192, overlap=0), None, 5, index)
    ids = np.unique(sample.labels)[1:][:12]
    grey, labels = sample.micrograph.grey, sample.labels
    for particle in ids:
        truth = labels == particle
        point = np.unravel_index(ndimage.distance_transform_edt(truth).argmax(), truth.shape)
        others = np.where(truth | (labels % 2 == 0), 0, labels).astype(np.uint32)
        found = find_particle(grey, point, others)
        if found.region is None:
            assert found.reason
            continue
        mask = full(found, grey.shape)
        assert mask[point]
        assert not (mask & (others > 0)).any()
        assert ndimage.label(mask)[1] == 1


def test_plain_synthetic_particles_are_found():
    recipe = Shapes(overlap=0, transparency=0, buried=0, lettering=0, lattice=0, clustering=0, second_share=0)
    right = []
    for index in range(8):
        sample = make_sample(recipe, None, 11, index)
        for particle in np.unique(sample.labels)[1:][:6]:
            truth = sample.labels == particle
            if truth.sum() < 100:
                continue
            point = np.unravel_index(ndimage.distance_transform_edt(np.pad(truth, 1)[1:-1, 1:-1]).argmax(), truth.shape)
            found = find_particle(sample.micrograph.grey, point)
            right.append(found.region is not None and overlap(full(found, truth.shape), truth) >= 0.5)
    assert len(right) > 20
    assert np.mean(right) > 0.6


def test_nothing_is_found_where_there_is_nothing():
    assert "same" in find_particle(np.full((50, 50), 3, np.float32), (20, 20)).reason
    noise = np.random.default_rng(0).normal(size=(200, 200)).astype(np.float32)
    assert "noise" in find_particle(noise, (100, 100)).reason
    assert "outside" in find_particle(noise, (-3, 10)).reason
    assert "outside" in find_particle(noise, (10, 200)).reason


def test_a_box_chooses_the_size():
    inner, outer = ellipse((120, 130), 15, 15), ellipse((120, 130), 50, 50)
    image = picture([outer], 7) + 60 * ndimage.gaussian_filter(inner.astype(np.float32), 1)
    for truth, radius in ((inner, 15), (outer, 50)):
        box = (118 - radius, 127 - radius), (122 + radius, 133 + radius)
        mask = full(find_particle_in_box(image, *box))
        assert overlap(mask, truth) > 0.9
        assert np.flatnonzero(mask.any(1)).min() >= box[0][0] - 1
    with pytest.raises(UserError, match=r"2\.0 x 30\.0 px"):
        find_particle_in_box(image, (10, 10), (12, 40))


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(UserError, match=r"\(5, 5\), the labels \(4, 5\)"):
        find_particle(np.zeros((5, 5), np.float32), (1, 1), np.zeros((4, 5), np.uint32))


@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (1, 300), (300, 2)])
def test_any_image_will_do(shape):
    image = np.random.default_rng(1).integers(0, 255, shape).astype(np.float32)
    found = find_particle(image, (shape[0] // 2, shape[1] // 2))
    assert found.region is not None or found.reason
