"""The smallest circle around a particle."""

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from particleforge.measurement.arrays import Floats, Ints
from particleforge.measurement.column import Column
from particleforge.measurement.descriptors._hull import first_of, moved_out

if TYPE_CHECKING:
    from particleforge.measurement.descriptor import Particles

COLUMNS = (
    Column(
        "enclosing",
        "length",
        "enclosing circle",
        "Diameter of the smallest circle around the hull used for the Feret diameters.",
        place=71,
    ),
)
_ROUNDS = 200
_SLACK = 1e-9


def compute(particles: "Particles") -> dict[str, Floats]:
    """Circle around the corners of each hull, moved outwards as for Feret diameters.

    Starts with a circle through two corners. While a corner lies outside, the farthest one is added to the corners
    that define the circle, which is replaced by the smallest circle around these (four at most). The circle grows each
    time, so this terminates.
    """
    hull = particles.hulls
    x, y = moved_out(hull)
    points = np.stack([x, y], axis=-1)
    if not len(hull.start):
        return {"enclosing_px": np.zeros(0)}
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
    return {"enclosing_px": np.asarray(2 * np.where(hull.count > 1, radius, 0.5), float)}


def _around(points: npt.NDArray[np.float64], four: Ints) -> tuple[Floats, Floats, Ints]:
    """Smallest circle around the four points of each row, and the three that define it; one may occur twice."""
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
    """(m, 2) centre of the circle through two or three points; far away if three lie on a line."""
    if pair:
        return np.asarray(corners[:, 1:].mean(axis=1), float)
    a, b = (corners[:, i] - corners[:, 0] for i in (1, 2))
    twice = 2 * (a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])
    aa, bb = (a**2).sum(axis=1), (b**2).sum(axis=1)
    shift = np.stack([b[:, 1] * aa - a[:, 1] * bb, a[:, 0] * bb - b[:, 0] * aa], axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        shift = shift / twice[:, None]
    return np.asarray(corners[:, 0] + np.where(np.isfinite(shift), shift, 1e30), float)
