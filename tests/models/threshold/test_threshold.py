"""Particles of known sizes found by their grey."""

import numpy as np
import pytest

from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.models.opening import open_model
from particleforge.quality.matching import score

SIDE = 200
ROWS, COLUMNS = np.indices((SIDE, SIDE))
DISCS = ((40, 40, 12), (50, 130, 18), (130, 60, 9), (140, 150, 25))
"""y, x and radius."""


def drawn(discs, dark=False, noise=0.05, slope=0.0, seed=0):
    """Discs of grey 1 on ground of grey 0 and their labels, or the other way round."""
    labels = np.zeros((SIDE, SIDE), np.uint32)
    for i, (y, x, r) in enumerate(discs, start=1):
        labels[np.hypot(ROWS - y, COLUMNS - x) <= r] = i
    grey = (labels > 0) != dark
    noisy = grey + slope * COLUMNS / SIDE + noise * np.random.default_rng(seed).standard_normal(grey.shape)
    return Micrograph((1000 + 500 * noisy).astype(np.float32), name="discs"), labels


@pytest.fixture(scope="module")
def detector():
    return open_model("threshold", "detector")


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("polarity", ["auto", "given"])
@pytest.mark.parametrize("method", ["otsu", "li", "yen", "isodata", "triangle"])
def test_discs_are_found_with_their_sizes(detector, method, polarity, dark):
    image, labels = drawn(DISCS, dark)
    wanted = "dark" if dark else "bright"
    found = detector.detect(image, method=method, polarity=wanted if polarity == "given" else "auto")
    assert found.found["polarity"] == wanted and found.certainty is None
    assert score(labels, found.labels).f1 == 1
    areas = np.sort(np.bincount(found.labels.ravel())[1:])
    exact = method in ("otsu", "isodata")  # the others draw the outline at the foot of the blurred edge
    diameters, true = np.sqrt(4 / np.pi * areas), np.sort([2 * r for _, _, r in DISCS])
    assert diameters == pytest.approx(true, rel=0.02 if exact else 0, abs=0.3 if exact else 5)
    assert all(found.labels[int(y), int(x)] == i + 1 for i, (y, x) in enumerate(found.points))
    assert (found.scores > 0.6).all() and (found.scores <= 1).all()


def test_noise_lowers_scores(detector):
    quiet, loud = (detector.detect(drawn(DISCS, noise=noise)[0]).scores.mean() for noise in (0.02, 0.3))
    assert loud < quiet - 0.1


@pytest.mark.parametrize("ratio", [1.0, 0.6])
def test_touching_particles_are_split_unless_told_otherwise(detector, ratio):
    radius = 20 * ratio
    image, labels = drawn([(100, 70, 20), (100, 88 + radius, radius)])
    assert score(labels, detector.detect(image).labels, iou=0.8).f1 == 1
    assert len(detector.detect(image, split=0)) == 1


def test_a_rod_is_not_split(detector):
    rod = (np.abs(ROWS - 100) < 6) & (np.abs(COLUMNS - 100) < 50)
    assert len(detector.detect(Micrograph(100.0 * rod + 10, name="rod"))) == 1


def test_uneven_ground_needs_the_local_threshold(detector):
    image, labels = drawn(DISCS, slope=3.0)
    assert score(labels, detector.detect(image).labels).f1 < 0.6
    assert score(labels, detector.detect(image, method="local", surroundings_px=121).labels).f1 == 1


@pytest.mark.parametrize("name", ["noise", "slope", "constant"])
def test_an_image_without_particles_gives_none(detector, name):
    noise = np.random.default_rng(1).normal(100, 10, (SIDE, SIDE))
    pixels = {"noise": noise, "slope": COLUMNS + 0.5 * ROWS, "constant": np.full((SIDE, SIDE), 7)}[name]
    for options in ({}, {"polarity": "dark"}, {"method": "local"}):
        found = detector.detect(Micrograph(pixels.astype(np.float32), name=name), **options)
        assert len(found) == 0 and not found.labels.any() and found.points.shape == (0, 2)


def test_sizes_are_limited_in_pixels_or_nanometres(detector):
    image, _ = drawn(DISCS)
    assert len(detector.detect(image, smallest="22 px", largest="40 px")) == 2
    assert len(detector.detect(image.with_pixel_size(0.5), smallest="11 nm", largest="20 nm")) == 2
    with pytest.raises(UserError, match="5 nm needs a known pixel size"):
        detector.detect(image, smallest="5 nm")
    with pytest.raises(UserError, match="8 px"):
        detector.detect(image, smallest="five")


def test_holes_are_filled(detector):
    ring = np.hypot(ROWS - 100, COLUMNS - 100)
    image = Micrograph(np.where((ring < 30) & (ring > 20), 200.0, 20.0), name="ring")
    full, open_ = (detector.detect(image, polarity="bright", fill_holes=fill, split=0) for fill in (True, False))
    assert full.labels[100, 100] == 1 and open_.labels[100, 100] == 0


def test_stacks_are_refused(detector):
    with pytest.raises(UserError, match="is a stack"):
        detector.detect(Micrograph(np.zeros((3, 20, 20)), axes="TYX", name="film"))


def test_options_of_another_kind_are_refused(detector):
    with pytest.raises(UserError, match="no parameter 'prob_thresh'"):
        detector.detect(drawn(DISCS)[0], prob_thresh=0.5)


def test_size_limits_that_let_nothing_through_are_refused():
    with pytest.raises(UserError, match="largest size 20 px is below the smallest size 50 nm"):
        open_model("threshold", "detector").detect(np.zeros((20, 20)), "1 nm", smallest="50 nm", largest="20 px")
