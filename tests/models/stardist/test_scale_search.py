"""Choosing the scale of an image of unknown magnification."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from particleforge.models.scales import candidate_scales
from particleforge.models.stardist.at_scale import AtScale
from particleforge.models.stardist.config import StarDistConfig
from particleforge.models.stardist.instances import Thresholds, instances, peaks
from particleforge.models.stardist.overlaps import Bounds
from particleforge.models.stardist.scale_search import search_scales
from particleforge.step import Progress, Step, run

CONFIG = StarDistConfig(n_rays=64, grid=(1, 1))
ANGLES = np.linspace(0, 2 * math.pi, 64, endpoint=False)
SHAPE = (60, 60)


def one_disc(knowing: bool) -> AtScale:
    """A disc whose points all tell of it, or each of a disc around itself."""
    rows, columns = np.indices(SHAPE) - 30.0
    rho = np.hypot(rows, columns)
    prob = np.clip(1 - rho / 30, 0, 1).astype(np.float32)
    if knowing:
        cos = columns[..., None] * np.cos(ANGLES) + rows[..., None] * np.sin(ANGLES)
        dist = -cos + np.sqrt(np.maximum(15**2 - rho[..., None] ** 2 + cos**2, 0))
    else:
        dist = np.full((*SHAPE, 64), 15.0)
    return rated((prob, dist.astype(np.float32)), SHAPE, 1.0, prob)


def rated(maps: tuple[np.ndarray, np.ndarray], shape: tuple[int, int], scale: float, image: np.ndarray) -> AtScale:
    """Rate what the maps of a whole image hold."""
    prob, dist = maps
    found = instances(peaks(prob), dist, config=CONFIG, thresholds=Thresholds(0.3, 0.4), shape=shape, scale=scale)
    return AtScale.of(image, maps, found, Bounds.of(shape), CONFIG, 0.3)


def test_consistency_tells_knowing_points_from_ignorant_ones() -> None:
    knowing, ignorant = one_disc(knowing=True), one_disc(knowing=False)
    assert len(knowing) == 1 and knowing.consistency > 0.95 and knowing.consistencies[0] > 0.95
    assert ignorant.consistency < 0.4


def test_what_is_covered_is_the_share_of_the_image() -> None:
    disc = one_disc(knowing=True)
    assert disc.covered == pytest.approx(math.pi * 15**2 / 3600 * disc.found.scores[0], rel=0.03)
    nothing = disc.only(np.zeros(1, bool))
    assert nothing.covered == 0 and nothing.consistency == 0 and len(nothing) == 0


@given(st.lists(st.floats(2, 500), min_size=2, max_size=20))
def test_candidates_cover_the_training_sizes_in_even_steps(diameters: list[float]) -> None:
    scales = candidate_scales(diameters, 24, largest=1000)
    assert min(scales) <= 24 / max(diameters) and max(scales) >= 24 / min(diameters)
    steps = np.diff(np.log(scales))
    assert steps == pytest.approx(steps[0], rel=1e-6)
    assert steps[0] < math.log(2)


def test_candidates_stay_below_the_largest_scale() -> None:
    assert 4 / math.sqrt(2) < max(candidate_scales([3, 30], 24, largest=4)) <= 4
    assert candidate_scales([1], 24, largest=4) == (4,)


DISCS = ((60.0, 60.0, 20.0), (60.0, 150.0, 17.0), (140.0, 70.0, 23.0))
"""y, x and radius of what a pretended detector sees in an image of 200 px."""


def detector(image: np.ndarray, bounds: Bounds, scale: float, imagined: tuple[float, ...] = ()) -> Step[AtScale]:
    """Finds discs of about 24 px, and round things of its favourite size in anything larger."""
    yield Progress(1, 1)
    shape = tuple(max(1, round(n * scale)) for n in image.shape)
    rows, columns = np.indices(shape, np.float64)
    prob, dist = np.zeros(shape, np.float32), np.ones((*shape, 64), np.float32)
    grey = np.random.default_rng(0).normal(0, 0.01, shape).astype(np.float32)
    seen = [(y * scale, x * scale, r * scale) for y, x, r in DISCS]
    for y, x, r in seen:
        grey[np.hypot(rows - y, columns - x) < r] += 1
    if max(r for _, _, r in seen) > 30:
        rng = np.random.default_rng(round(scale * 1000))
        seen = [(y, x, 12.0) for y, x in rng.uniform(0, min(shape), (9, 2))]
    if scale in imagined:
        seen.append((30 * scale, 30 * scale, 10.0))
        grey[np.hypot(rows - 30 * scale, columns - 30 * scale) < 10] += 1
    for y, x, r in seen:
        if r > 5:
            dy, dx = rows - y, columns - x
            rho = np.hypot(dy, dx)
            along = dx[..., None] * np.cos(ANGLES) + dy[..., None] * np.sin(ANGLES)
            inside = rho < r
            prob = np.where(inside, np.clip(1 - rho / r, 0.1, 0.9), prob).astype(np.float32)
            reach = -along + np.sqrt(np.maximum(r**2 - rho[..., None] ** 2 + along**2, 0))
            dist = np.where(inside[..., None], reach, dist).astype(np.float32)
    assert bounds == Bounds.of(image.shape)
    return rated((prob, dist), image.shape, scale, grey)


SCALES = tuple(0.15 * 2 ** (k / 2) for k in range(9))
EMPTY = np.zeros((200, 200), np.float32)


@pytest.mark.slow
def test_the_scale_is_found_at_which_results_stay_the_same() -> None:
    found = run(search_scales(detector, EMPTY, SCALES)).particles()
    assert 12 <= found.scale * 40 <= 48
    assert len(found.scores) == 3
    assert found.found["agreement"] > 0.7
    areas = np.sort(np.bincount(found.labels.ravel())[1:])
    assert areas == pytest.approx([math.pi * r**2 for r in (17, 20, 23)], rel=0.08)


@pytest.mark.slow
def test_what_only_one_scale_shows_is_dropped() -> None:
    best = run(search_scales(detector, EMPTY, SCALES)).particles().scale
    assert len(run(detector(EMPTY, Bounds.of(EMPTY.shape), best, imagined=(best,)))) == 4
    for scale in SCALES:
        found = run(
            search_scales(
                lambda piece, bounds, s, only=scale: detector(piece, bounds, s, imagined=(only,)), EMPTY, SCALES
            )
        ).particles()
        assert len(found.scores) == found.labels.max() == 3
        assert not found.labels[30, 30]


@pytest.mark.slow
def test_a_known_scale_is_taken_and_outlines_can_be_wider() -> None:
    found = run(search_scales(detector, EMPTY, SCALES, known=0.5)).particles()
    assert found.scale == 0.5 and len(found) == 3
    wider = run(search_scales(detector, EMPTY, SCALES, known=0.5)).particles(wider_px=1.0)
    assert np.sort(wider.dist.mean(1)) == pytest.approx(np.sort(found.dist.mean(1)) + 2, abs=0.01)


@pytest.mark.parametrize(("known", "largest"), [(1.9, 3.8), (7.0, 7.0)])
def test_known_scales_have_no_neighbours_that_enlarge_without_need(known: float, largest: float) -> None:
    tried = set()

    def noted(image: np.ndarray, bounds: Bounds, scale: float) -> Step[AtScale]:
        tried.add(scale)
        return (yield from detector(image, bounds, scale))

    found = run(search_scales(noted, EMPTY[:60, :60], SCALES, known=known)).particles()
    assert found.scale == known
    assert max(tried) == pytest.approx(largest) and len(tried) > 2


def test_an_image_without_objects_gives_none() -> None:
    def blind(image: np.ndarray, bounds: Bounds, scale: float) -> Step[AtScale]:
        yield Progress(1, 1)
        shape = tuple(max(1, round(n * scale)) for n in image.shape)
        maps = np.zeros(shape, np.float32), np.ones((*shape, 64), np.float32)
        return rated(maps, image.shape, scale, maps[0])

    found = run(search_scales(blind, np.zeros((100, 100), np.float32), SCALES)).particles()
    assert not found.labels.any() and found.found["agreement"] == 0


def test_tiny_images_are_tried_at_the_largest_scale() -> None:
    found = run(search_scales(detector, np.zeros((9, 9), np.float32), (0.5, 1.0))).particles()
    assert found.scale == 1.0 and found.found["agreement"] == 0
