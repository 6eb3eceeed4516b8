"""Follow the middle line of a rod from point to point, also under rods that cross it.

What a point says about the rod next to it is precise, and what it says about the far ends is not. So the line is grown
from its most central point: a parabola is fitted to those points that continue it smoothly, and is prolonged until
there are no more.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from particleforge.models.rods.cells import Cells, Ids
from particleforge.models.rods.geometry import Doubles, RodArcs

Occupied: TypeAlias = Callable[[Doubles], npt.NDArray[np.bool_]]
BEGIN = 2.0
"""Half the length of the first piece of a line, in half widths."""
GAP = 8.0
"""Longest gap in a line, in half widths, where other rods lie on top."""
ASIDE, ASIDE_PX = 0.25, 0.7
"""How far a point's place on the middle line may lie from a line, in half widths, and in pixels in addition."""
TURNED = np.sin(np.deg2rad(22))
"""Sine of the largest angle between a line and the rod that a point on it describes."""
WIDER = np.log(1.7)
"""Logarithm of the largest ratio of widths."""
REACH = 2.0
"""The rod that a point describes, prolonged by this factor, must contain the point from which the line began."""
AGREE, BREAK = 1.5, 0.5
"""The same factor for points beyond a gap, and the length from which on something counts as one, in half widths."""
NEXT_PX = 3.0
"""Longest distance of neighbouring points on a line."""
FILLED = 0.7
"""Share of a gap in which there must be points of other rods; else the line ends there."""
ROUND = 1.5
"""Ratio of length to width below which a particle has no line that could be followed."""
END_PX = 2.0
"""How much further than its last points a rod extends."""
BENT_FROM = 5.0
"""Length, in half widths, from which on a line may be bent."""
ROUNDS = 25


class Traced(NamedTuple):
    """A rod and the points on it.

    Parameters
    ----------
    rod
        The rod.
    members
        Indices of its points.
    support
        Share of its length at which there are points.
    """

    rod: RodArcs
    members: Ids
    support: float


class _Line(NamedTuple):
    """A parabola: distances along a direction from an origin, and how far it is off there."""

    origin: Doubles
    along: Doubles
    curve: Doubles

    @property
    def across(self) -> Doubles:
        return np.array([self.along[1], -self.along[0]])

    def local(self, points: Doubles) -> tuple[Doubles, Doubles]:
        """Distances of (n, 2) points along and across the direction."""
        away = points - self.origin
        return away @ self.along, away @ self.across

    def at(self, u: Doubles) -> Doubles:
        """(n, 2) places of the line at (n,) distances along the direction."""
        off = np.polyval(self.curve, u)
        return np.asarray(self.origin + np.multiply.outer(u, self.along) + np.multiply.outer(off, self.across))

    def fitted(self, u: Doubles, v: Doubles, weights: Doubles, half_width: float) -> _Line:
        """Line through points at these places, bent only if it is long enough."""
        span, degree = u.max() - u.min(), 0
        if len(u) >= 4:
            degree = 2 if span > BENT_FROM * half_width and len(u) >= 6 else 1
        unit = max(float(np.abs(u).max()), 1.0)  # keeps the powers small
        design = np.vander(u / unit, degree + 1) * weights[:, None]
        found = np.linalg.lstsq(design, v * weights, rcond=None)[0] / unit ** np.arange(degree, -1, -1)
        return self._replace(curve=np.concatenate([np.zeros(2 - degree), found]))


def trace(cells: Cells, near: Ids, first: int, occupied: Occupied) -> Traced | None:
    """Follow a rod from a point; None if hardly any point belongs to it.

    Parameters
    ----------
    cells
        All points.
    near
        Indices of those that may belong to the rod.
    first
        Index of the point from which to begin.
    occupied
        Which of (n, 2) places in the image lie on any rod.
    """
    begin = cells.only(np.array([first]))
    some = cells.only(near)
    half_width, origin = float(begin.rods.half_widths[0]), begin.on_axis[0]
    towards = np.abs(((some.rods.middles - origin) * some.directions).sum(1))
    fits = towards <= REACH * some.rods.half_lengths + 2 * half_width
    agree = towards <= AGREE * some.rods.half_lengths + half_width
    fits &= np.abs(np.log(some.rods.half_widths / half_width)) < WIDER
    if begin.rods.half_lengths[0] < ROUND * half_width:
        return _round(begin, some, near, fits)
    line = _Line(origin, begin.directions[0], np.zeros(3))
    limits = -BEGIN * half_width, BEGIN * half_width
    seam, longest = BREAK * half_width + 3, GAP * half_width + 2
    along, _ = line.local(some.points)
    members: npt.NDArray[np.bool_] | None = None
    low = high = 0.0
    for _ in range(ROUNDS):
        on = np.flatnonzero(fits & _continues(line, some, half_width) & (along >= limits[0]) & (along <= limits[1]))
        if len(on) < 2:
            return None
        low, high = _run(along[on], seam, lambda start, stop: True)
        on = on[((along[on] >= low) & (along[on] <= high)) | agree[on]]  # beyond a gap only what agrees about the rod
        low, high = _run(along[on], NEXT_PX, partial(_open, line, occupied, longest))
        on = on[(along[on] >= low) & (along[on] <= high)]
        u, v = line.local(some.on_axis[on])
        line = line.fitted(u, v, some.prob[on], half_width)
        new = np.isin(np.arange(len(near)), on)
        if members is not None and (new == members).all():
            break
        members, limits = new, (low - longest, high + longest)
    on = np.flatnonzero(new)
    weights = some.prob[on] ** 2
    half_width = float(np.exp(np.average(np.log(some.rods.half_widths[on]), weights=weights)))
    rod = _between(line, low - END_PX, high + END_PX, half_width)
    return Traced(rod, near[on], _support(along[on], low, high))


def _continues(line: _Line, some: Cells, half_width: float) -> npt.NDArray[np.bool_]:
    """Whether points lie next to a line and point along it."""
    u, v = line.local(some.on_axis)
    slope = np.polyval(np.polyder(line.curve), u)
    off = np.abs(v - np.polyval(line.curve, u)) / np.sqrt(1 + slope**2)
    angle = np.arctan2(some.directions @ line.across, some.directions @ line.along)
    turned = np.abs(np.sin(angle - np.arctan(slope)))
    return np.asarray((off < ASIDE * half_width + ASIDE_PX) & (turned < TURNED))


def _open(line: _Line, occupied: Occupied, longest: float, start: float, stop: float) -> bool:
    """Whether a gap ends the line: it is too long, or not filled by other rods."""
    if stop - start > longest:
        return True
    return bool(occupied(line.at(np.arange(start + 2, stop - 1, 2.0, np.float64))).mean() < FILLED)


def _run(along: Doubles, least: float, broken: Callable[[float, float], bool]) -> tuple[float, float]:
    """Return the ends of the run of points around 0 that is not interrupted.

    Parameters
    ----------
    along
        Places of points on a line.
    least
        Length from which on the distance of neighbouring places is a gap.
    broken
        Whether a gap interrupts the line.
    """
    places = np.sort(along)
    middle = min(int(np.searchsorted(places, 0.0)), len(places) - 1)
    first, last = 0, len(places) - 1
    gaps = np.flatnonzero(np.diff(places) > least)
    for gap in gaps[gaps < middle][::-1].tolist():
        if broken(places[gap], places[gap + 1]):
            first = gap + 1
            break
    for gap in gaps[gaps >= middle].tolist():
        if broken(places[gap], places[gap + 1]):
            last = gap
            break
    return float(places[first]), float(places[last])


def _between(line: _Line, low: float, high: float, half_width: float) -> RodArcs:
    """Rod along a line from one end to the other."""
    start, middle, stop = line.at(np.array([low, (low + high) / 2, high]))
    chord = stop - start
    angle = float(np.arctan2(chord[0], chord[1]))
    across = np.array([np.cos(angle), -np.sin(angle)])
    bow = float((middle - (start + stop) / 2) @ across)
    half_length = max(float(np.linalg.norm(chord)) / 2, half_width)
    return RodArcs(middle[None], *(np.array([one]) for one in (half_length, angle, bow, half_width)))


def _round(begin: Cells, some: Cells, near: Ids, fits: npt.NDArray[np.bool_]) -> Traced | None:
    """Return a particle without a direction: the mean of what its points describe."""
    reach = float(begin.rods.half_lengths[0])
    close = np.linalg.norm(some.points - begin.on_axis[0], axis=1) <= 1.2 * reach + 1
    agree = np.linalg.norm(some.rods.middles - begin.rods.middles[0], axis=1) < begin.rods.half_widths[0]
    on = np.flatnonzero(fits & close & agree)
    if len(on) < 2:
        return None
    weights = some.prob[on] ** 2 / (some.prob[on] ** 2).sum()
    rods = some.rods.only(on)
    lengths, widths = (np.exp([weights @ np.log(part)]) for part in (rods.half_lengths, rods.half_widths))
    rod = RodArcs((weights @ rods.middles)[None], lengths, begin.rods.angles, np.zeros(1), widths)
    return Traced(rod, near[on], 1.0)


def _support(along: Doubles, low: float, high: float) -> float:
    bins = max(1, round((high - low) / 4))  # two points of the grid
    at = np.clip(((along - low) / max(high - low, 1e-9) * bins).astype(int), 0, bins - 1)
    return float(len(np.unique(at)) / bins)
