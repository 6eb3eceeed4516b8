"""Smallest circle around a particle, largest circle inside."""

from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from particleforge.measurement.descriptors.feret import first_of
from particleforge.measurement.descriptors.hull import Hulls, moved_out
from particleforge.measurement.descriptors.runs import Floats, Ints, Runs

_ROUNDS = 200
_SLACK = 1e-9


def enclosing(hull: Hulls) -> Floats:
    """(n,) diameter in px of the smallest circle around the corners of each hull, moved out as for Feret diameters.

    From the circle on two corners; while a corner lies outside, the farthest joins those it stands on, and the
    smallest circle around these four at most takes its place. The circle grows each time, so this ends.
    """
    x, y = moved_out(hull)
    points = np.stack([x, y], axis=-1)
    if not len(hull.start):
        return np.zeros(0)
    held = np.repeat(hull.start[:, None], 3, axis=1)
    centre, radius = points[hull.start], np.zeros(len(hull.start))
    for _ in range(_ROUNDS):
        away = np.hypot(*(points - centre[hull.owner]).T)
        far = first_of(-away, hull)
        outside = np.flatnonzero(away[far] > radius * (1 + _SLACK) + _SLACK)
        if not len(outside):
            break
        four = np.concatenate([held[outside], far[outside, None]], axis=1)
        centre[outside], radius[outside], held[outside] = _around(points, four)
    return np.asarray(2 * np.where(hull.count > 1, radius, 0.5), float)


def _around(points: npt.NDArray[np.float64], four: Ints) -> tuple[Floats, Floats, Ints]:
    """Smallest circle around the four points of each row, and the three it stands on; one may stand twice."""
    best = np.full(len(four), np.inf)
    centre, held = np.zeros((len(four), 2)), four[:, :3].copy()
    choices = [(a, a, 3) for a in range(3)] + [(a, b, 3) for a, b in combinations(range(3), 2)]
    for choice in choices:
        picked = four[:, choice]
        middle = _middle(points[picked], pair=choice[0] == choice[1])
        away = np.linalg.norm(points[four] - middle[:, None], axis=-1)
        radius = np.linalg.norm(points[picked[:, 0]] - middle, axis=-1)
        good = (away.max(axis=1) <= radius * (1 + _SLACK) + _SLACK) & (radius < best)
        best[good], centre[good], held[good] = radius[good], middle[good], picked[good]
    return centre, best, held


def _middle(corners: npt.NDArray[np.float64], pair: bool) -> npt.NDArray[np.float64]:
    """(m, 2) centre of the circle through two or three points; far away where three lie on a line."""
    if pair:
        return np.asarray(corners[:, 1:].mean(axis=1), float)
    a, b = (corners[:, i] - corners[:, 0] for i in (1, 2))
    twice = 2 * (a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])
    aa, bb = (a**2).sum(axis=1), (b**2).sum(axis=1)
    shift = np.stack([b[:, 1] * aa - a[:, 1] * bb, a[:, 0] * bb - b[:, 0] * aa], axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        shift = shift / twice[:, None]
    return np.asarray(corners[:, 0] + np.where(np.isfinite(shift), shift, 1e30), float)


def inscribed(labels: npt.NDArray[Any], runs: Runs) -> Floats:
    """(n,) diameter in px of the largest circle inside: twice the way from a pixel to the nearest one outside."""
    from scipy.ndimage import distance_transform_edt

    found = np.zeros(len(runs.ids))
    for number, (top, bottom, left, right) in enumerate(zip(*(edge.tolist() for edge in runs.boxes()), strict=True)):
        inside = np.zeros((bottom - top + 3, right - left + 3), np.bool_)
        np.equal(labels[top : bottom + 1, left : right + 1], runs.ids[number], out=inside[1:-1, 1:-1])
        found[number] = 2 * distance_transform_edt(inside).max()
    return found
