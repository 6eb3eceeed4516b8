"""Overlaps of star-convex outlines, against painted ones and formulas."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from particleforge.models.stardist.overlaps import Bounds, Filling, overlaps, within
from particleforge.models.stardist.stars import Stars

ANGLES = np.linspace(0, 2 * math.pi, 64, endpoint=False)
EVERYWHERE = Bounds(-1000, -1000, 1000, 1000)


def seen_from(offset: float, radius: float) -> np.ndarray:
    """Distances to a circle's outline from a point `offset` to the right of its centre."""
    return -offset * np.cos(ANGLES) + np.sqrt(radius**2 - (offset * np.sin(ANGLES)) ** 2)


def discs(*places: tuple[float, float, float]) -> Stars:
    """Discs from y, x and radius."""
    points = np.array([place[:2] for place in places], float).reshape(-1, 2)
    return Stars(points, np.array([np.full(64, r) for _, _, r in places], np.float32).reshape(-1, 64))


def lens_px2(one: float, other: float, distance: float) -> float:
    """Area common to two circles."""
    if distance >= one + other:
        return 0.0
    if distance <= abs(one - other):
        return math.pi * min(one, other) ** 2
    first = one**2 * math.acos((distance**2 + one**2 - other**2) / (2 * distance * one))
    second = other**2 * math.acos((distance**2 + other**2 - one**2) / (2 * distance * other))
    sides = (-distance + one + other) * (distance + one - other) * (distance - one + other) * (distance + one + other)
    return first + second - 0.5 * math.sqrt(sides)


@given(st.floats(-0.8, 0.8), st.floats(2, 50))
def test_area_and_centroid_do_not_depend_on_the_point_they_are_seen_from(share: float, radius: float) -> None:
    star = Stars(np.zeros((1, 2)), seen_from(share * radius, radius)[None].astype(np.float32))
    assert star.areas_px2[0] == pytest.approx(math.pi * radius**2, rel=0.02)
    assert star.centroids[0] == pytest.approx([0, -share * radius], abs=0.02 * radius)
    assert Filling.of(star, EVERYWHERE).areas_px2.sum() == pytest.approx(math.pi * radius**2, rel=0.03)


@given(st.floats(3, 40), st.floats(3, 40), st.floats(0, 1.3), st.floats(0, 2 * math.pi))
def test_common_areas_are_those_of_circles(one: float, other: float, share: float, turn: float) -> None:
    distance = share * (one + other)
    there = (50 + distance * math.sin(turn), 60 + distance * math.cos(turn), other)
    pairs = overlaps(discs((50, 60, one)), discs(there), EVERYWHERE)
    wanted = lens_px2(one, other, distance)
    assert pairs.common_px2.sum() == pytest.approx(wanted, abs=0.04 * math.pi * one**2)


def test_only_what_lies_within_bounds_counts() -> None:
    half = Bounds(-20, -20, 20, 0)
    pairs = overlaps(discs((0, -0.5, 8)), discs((0, -0.5, 8)), half)
    assert pairs.one_px2[0] == pytest.approx(math.pi * 64 / 2, rel=0.1)
    assert pairs.iou[0] == pytest.approx(1, abs=0.02)


def test_each_overlapping_pair_is_found_whatever_the_sizes() -> None:
    rng = np.random.default_rng(0)
    places = [(float(y), float(x), float(r)) for y, x, r in rng.uniform((0, 0, 3), (300, 300, 60), (60, 3))]
    stars = discs(*places)
    pairs = overlaps(stars, stars, EVERYWHERE)
    found = {(int(i), int(j)) for i, j in zip(pairs.one, pairs.other, strict=True)}
    for i, (y, x, r) in enumerate(places):
        for j, (v, u, s) in enumerate(places):
            if lens_px2(r, s, math.hypot(y - v, x - u)) > 0.05 * math.pi * r**2:
                assert (i, j) in found


def test_nothing_overlaps_nothing() -> None:
    pairs = overlaps(discs(), discs((5, 5, 3)), EVERYWHERE)
    assert not len(pairs.one) and pairs.other_px2.shape == (1,)
    assert not within(np.zeros((0, 3, 2), np.float32), discs()).size


def test_common_bounds_are_the_smaller_window() -> None:
    assert Bounds(0, 0, 9, 9).common(Bounds(2, 3, 8, 20)) == (2, 3, 8, 9)
    assert Bounds.of((4, 5)).area_px2 == 20
