"""Choosing the scale of an image of unknown magnification."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from particleforge.models.stardist.config import StarDistConfig
from particleforge.models.stardist.instances import Instances, instances
from particleforge.models.stardist.scale_search import (
    candidate_scales,
    centroids,
    consistency,
    plausibility,
    polygon_areas_px2,
)

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
        cos = columns[None] * np.cos(ANGLES)[:, None, None] + rows[None] * np.sin(ANGLES)[:, None, None]
        dist = -cos + np.sqrt(np.maximum(15**2 - rho[None] ** 2 + cos**2, 0))
    else:
        dist = np.full((64, *SHAPE), 15.0)
    dist = dist.astype(np.float32)
    found = instances(prob, dist, config=CONFIG, prob_thresh=0.3, nms_thresh=0.4, shape=SHAPE)
    return prob, dist, found


def test_consistency_tells_knowing_points_from_ignorant_ones() -> None:
    prob, dist, found = maps_of_one_disc(knowing=True)
    assert consistency(prob, dist, found, 1.0, CONFIG) > 0.95
    prob, dist, found = maps_of_one_disc(knowing=False)
    low = Instances(found.labels, np.full_like(found.scores, 0.3), found.points, found.dist)
    assert consistency(prob, dist, low, 1.0, CONFIG) < 0.05


def test_nothing_found_is_not_plausible() -> None:
    empty = np.zeros(SHAPE, np.float32)
    dist = np.ones((64, *SHAPE), np.float32)
    found = instances(empty, dist, config=CONFIG, prob_thresh=0.3, nms_thresh=0.4, shape=SHAPE)
    assert plausibility(empty, dist, found, 1.0, CONFIG) == 0


@given(st.lists(st.floats(2, 500), min_size=2, max_size=20))
def test_candidates_cover_the_training_sizes_in_even_steps(diameters: list[float]) -> None:
    scales = candidate_scales(diameters, 24, largest=1000)
    assert min(scales) <= 24 / max(diameters) and max(scales) >= 24 / min(diameters)
    steps = np.diff(np.log(scales))
    assert steps == pytest.approx(steps[0], rel=1e-6)
    assert steps[0] < math.log(2)


def test_candidates_stay_below_the_largest_scale() -> None:
    assert max(candidate_scales([3, 30], 24, largest=4)) == 4
