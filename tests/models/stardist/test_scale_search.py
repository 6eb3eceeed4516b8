"""Choosing the scale of an image of unknown magnification."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from particleforge.models.stardist.config import StarDistConfig
from particleforge.models.stardist.instances import Instances, Thresholds, instances
from particleforge.models.stardist.scale_search import (
    AtScale,
    candidate_scales,
    centroids,
    consistency,
    find_at_best_scale,
    plausibility,
    polygon_areas_px2,
)
from particleforge.step import Progress, Step, run

CONFIG = StarDistConfig(n_rays=64, grid=(1, 1))
ANGLES = np.linspace(0, 2 * math.pi, 64, endpoint=False)
SHAPE = (60, 60)


def seen_from(offset: float, radius: float) -> np.ndarray:
    """Distances to a circle's outline from a point `offset` to the right of its centre."""
    return -offset * np.cos(ANGLES) + np.sqrt(radius**2 - (offset * np.sin(ANGLES)) ** 2)


@given(st.floats(-0.8, 0.8), st.floats(2, 50))
def test_area_and_centroid_do_not_depend_on_the_point_they_are_seen_from(share: float, radius: float) -> None:
    dist = seen_from(share * radius, radius)[None].astype(np.float32)
    assert polygon_areas_px2(dist)[0] == pytest.approx(math.pi * radius**2, rel=0.02)
    assert centroids(dist)[0] == pytest.approx([0, -share * radius], abs=0.02 * radius)


def maps_of_one_disc(knowing: bool) -> tuple[np.ndarray, np.ndarray, Instances]:
    """Maps of a disc whose points all tell of it, or each of a disc around itself."""
    rows, columns = np.indices(SHAPE) - 30.0
    rho = np.hypot(rows, columns)
    prob = np.clip(1 - rho / 15, 0, 1).astype(np.float32)
    if knowing:
        cos = columns[..., None] * np.cos(ANGLES) + rows[..., None] * np.sin(ANGLES)
        dist = -cos + np.sqrt(np.maximum(15**2 - rho[..., None] ** 2 + cos**2, 0))
    else:
        dist = np.full((*SHAPE, 64), 15.0)
    dist = dist.astype(np.float32)
    found = instances(prob, dist, config=CONFIG, thresholds=Thresholds(0.3, 0.4), shape=SHAPE)
    return prob, dist, found


def test_consistency_tells_knowing_points_from_ignorant_ones() -> None:
    prob, dist, found = maps_of_one_disc(knowing=True)
    assert consistency(prob, dist, found, 1.0, CONFIG) > 0.95
    prob, dist, found = maps_of_one_disc(knowing=False)
    low = replace(found, scores=np.full_like(found.scores, 0.3))
    assert consistency(prob, dist, low, 1.0, CONFIG) < 0.05


def test_nothing_found_is_not_plausible() -> None:
    empty = np.zeros(SHAPE, np.float32)
    dist = np.ones((*SHAPE, 64), np.float32)
    found = instances(empty, dist, config=CONFIG, thresholds=Thresholds(0.3, 0.4), shape=SHAPE)
    assert plausibility(AtScale(empty, dist, found), 1.0, CONFIG) == 0


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


def detector(image: np.ndarray, scale: float, imagined: tuple[float, ...] = ()) -> Step[AtScale]:
    """Finds discs of about 24 px, and round things of its favourite size in anything larger."""
    yield Progress(1, 1)
    shape = tuple(round(n * scale) for n in image.shape)
    rows, columns = np.indices(shape, np.float64)
    prob, dist = np.zeros(shape, np.float32), np.ones((*shape, 64), np.float32)
    seen = [(y * scale, x * scale, r * scale) for y, x, r in DISCS]
    if max(r for _, _, r in seen) > 30:
        rng = np.random.default_rng(round(scale * 1000))
        seen = [(y, x, 12.0) for y, x in rng.uniform(0, min(shape), (9, 2))]
    if scale in imagined:
        seen.append((30 * scale, 30 * scale, 10.0))
    for y, x, r in seen:
        if r > 5:
            dy, dx = rows - y, columns - x
            rho = np.hypot(dy, dx)
            along = dx[..., None] * np.cos(ANGLES) + dy[..., None] * np.sin(ANGLES)
            inside = rho < r
            prob = np.where(inside, np.clip(1 - rho / r, 0.1, 0.9), prob).astype(np.float32)
            reach = -along + np.sqrt(np.maximum(r**2 - rho[..., None] ** 2 + along**2, 0))
            dist = np.where(inside[..., None], reach, dist).astype(np.float32)
    found = instances(prob, dist, config=CONFIG, thresholds=Thresholds(0.3, 0.4), shape=image.shape, scale=scale)
    return AtScale(prob, dist, found)


SCALES = tuple(0.15 * 2 ** (k / 2) for k in range(9))


@pytest.mark.slow
def test_the_scale_is_found_at_which_results_stay_the_same() -> None:
    found = run(find_at_best_scale(detector, np.zeros((200, 200), np.float32), SCALES, CONFIG))
    assert 12 <= found.scale * 40 <= 48
    assert len(found.scores) == 3
    assert found.certainty is not None and found.certainty > 0.9
    areas = np.sort(np.bincount(found.labels.ravel())[1:])
    assert areas == pytest.approx([math.pi * r**2 for r in (17, 20, 23)], rel=0.06)


@pytest.mark.slow
def test_what_only_one_scale_shows_is_dropped() -> None:
    image = np.zeros((200, 200), np.float32)
    best = run(find_at_best_scale(detector, image, SCALES, CONFIG)).scale
    alone = run(detector(image, best, imagined=(best,))).found
    assert len(alone.scores) == 4
    for scale in SCALES:
        found = run(
            find_at_best_scale(lambda piece, s, only=scale: detector(piece, s, imagined=(only,)), image, SCALES, CONFIG)
        )
        assert len(found.scores) == found.labels.max() == 3
        assert not found.labels[30, 30]


def test_an_image_without_objects_gives_none() -> None:
    def blind(image: np.ndarray, scale: float) -> Step[AtScale]:
        yield Progress(1, 1)
        shape = tuple(max(1, round(n * scale)) for n in image.shape)
        prob, dist = np.zeros(shape, np.float32), np.ones((*shape, 64), np.float32)
        shown = instances(prob, dist, config=CONFIG, thresholds=Thresholds(0.3, 0.4), shape=image.shape, scale=scale)
        return AtScale(prob, dist, shown)

    found = run(find_at_best_scale(blind, np.zeros((100, 100), np.float32), SCALES, CONFIG))
    assert not found.labels.any()
    assert found.certainty is None


def test_tiny_images_are_tried_at_the_largest_scale() -> None:
    found = run(find_at_best_scale(detector, np.zeros((9, 9), np.float32), (0.5, 1.0), CONFIG))
    assert found.scale == 1.0
