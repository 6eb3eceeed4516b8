import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree
from skimage.draw import polygon

from particleforge.models.rods.bins import Bins, around
from particleforge.models.rods.geometry import RodArcs
from particleforge.models.rods.line import Line, fitted, place
from particleforge.models.rods.outlines import Rods

LINE = Line(5.0, -3.0, 0.6, 0.8, 0.0, 0.0, 0.0)
SHAPE = (90, 110)


def rods(seed: int, count: int) -> RodArcs:
    rng = np.random.default_rng(seed)
    half = rng.uniform(3, 50, count)
    middles, angles = rng.uniform(-10, 120, (count, 2)), rng.uniform(-4, 4, count)
    return RodArcs(middles, half, angles, half * rng.uniform(-0.4, 0.4, count), rng.uniform(0.5, 8, count))


@settings(deadline=None)
@given(st.integers(0, 10_000), st.floats(0.5, 40))
def test_points_around_a_place_are_all_found(seed: int, reach: float) -> None:
    rng = np.random.default_rng(seed)
    points, at = rng.uniform(-9, 60, (rng.integers(1, 80), 2)), rng.uniform(-60, 120, 2)
    found = around(Bins.of(points), (at[0], at[1]), reach)
    assert sorted(found.tolist()) == sorted(cKDTree(points).query_ball_point(at, reach))


@settings(deadline=None)
@given(st.integers(0, 10_000))
def test_a_line_is_the_weighted_least_squares_fit(seed: int) -> None:
    rng = np.random.default_rng(seed)
    axis, weights = rng.uniform(-80, 80, (12, 2)), rng.uniform(0.1, 1, 12)
    line = fitted(LINE, axis, weights, np.arange(2, 12), 1.0)
    expected = np.polyfit(axis[2:, 0], axis[2:, 1], 2, w=weights[2:])
    np.testing.assert_allclose((line.bend, line.slope, line.off), expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(("count", "half_width", "degree"), [(3, 1.0, 0), (5, 1.0, 1), (6, 100.0, 1)])
def test_short_lines_are_straight(count: int, half_width: float, degree: int) -> None:
    axis = np.column_stack([np.linspace(-20, 20, count), np.linspace(0, 3, count) ** 2])
    line = fitted(LINE, axis, np.ones(count), np.arange(count), half_width)
    expected = np.polyfit(*axis.T, degree)[::-1]
    np.testing.assert_allclose((line.off, line.slope, line.bend)[: degree + 1], expected, atol=1e-9)
    assert not any((line.slope, line.bend)[degree:])


def test_a_fit_through_one_place_is_finite() -> None:
    line = fitted(LINE, np.tile([3.0, 2.0], (8, 1)), np.ones(8), np.arange(8), 1.0)
    assert place(line, 3.0) == pytest.approx((5 + 3 * 0.6 + 2 * 0.8, -3 + 3 * 0.8 - 2 * 0.6))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_rods_are_painted_like_polygons(seed: int) -> None:
    arcs = rods(seed, 6)
    scores = np.random.default_rng(seed).random(6).astype(np.float32)
    expected = np.zeros(SHAPE, np.uint32)
    for index in np.argsort(scores, kind="stable"):
        expected[polygon(*arcs.corners()[index].T, SHAPE)] = index + 1
    np.testing.assert_array_equal(Rods(arcs).paint(SHAPE, scores), expected)
    for index, corners in enumerate(arcs.corners()):
        mask, alone = Rods(arcs).mask(index, SHAPE), np.zeros(SHAPE, bool)
        alone[polygon(*corners.T, SHAPE)] = True
        painted = np.zeros(SHAPE, bool)
        painted[mask.window] = mask.pixels
        np.testing.assert_array_equal(painted, alone)
