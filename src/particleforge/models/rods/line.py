"""A line that is followed from point to point; compiled."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from particleforge.compiled import compiled
from particleforge.models.rods.bins import Bins, Ids, occupied
from particleforge.models.rods.geometry import Doubles

BENT_FROM = 5.0
"""Length, in half widths, from which on a line may be bent."""
FILLED = 0.7
"""Share of a gap in which there must be points of other rods; else the line ends there."""


class Line(NamedTuple):
    """A parabola over distances along a direction.

    Parameters
    ----------
    y, x
        Origin in the image.
    dy, dx
        Unit vector of the direction; (dx, -dy) is the one across.
    off, slope, bend
        Coefficients of the distance across, of the powers 0 to 2 of that along.
    """

    y: float
    x: float
    dy: float
    dx: float
    off: float
    slope: float
    bend: float


class Arc(NamedTuple):
    """One rod; see `RodArcs`, but with a unit vector (dy, dx) in place of the angle."""

    y: float
    x: float
    half_length: float
    dy: float
    dx: float
    bow: float
    half_width: float


@compiled()
def place(line: Line, u: float) -> tuple[float, float]:
    """Where a line is in the image at a distance along its direction: y and x."""
    v = line.off + u * (line.slope + u * line.bend)
    return line.y + u * line.dy + v * line.dx, line.x + u * line.dx - v * line.dy


@compiled()
def fitted(line: Line, axis: Doubles, prob: Doubles, on: Ids, half_width: float) -> Line:
    """Fit a line to points, bent only if it is long enough.

    Least squares by polynomials that are orthogonal at these points, so that no digits are lost.

    Parameters
    ----------
    line
        Its origin and direction are kept.
    axis
        (n, 2) distances of points along and across the direction.
    prob
        (n,) their weights.
    on
        Indices of those that count.
    half_width
        Of the rod.
    """
    total = mean_u = mean_v = 0.0
    low, high = np.inf, -np.inf
    for k in on:
        weight, u = prob[k] ** 2, axis[k, 0]
        total, mean_u, mean_v = total + weight, mean_u + weight * u, mean_v + weight * axis[k, 1]
        low, high = min(low, u), max(high, u)
    mean_u, mean_v = mean_u / total, mean_v / total
    norm = skew = slope = 0.0
    for k in on:
        weight, u = prob[k] ** 2, axis[k, 0] - mean_u
        norm, skew, slope = norm + weight * u**2, skew + weight * u**3, slope + weight * u * axis[k, 1]
    if len(on) < 4 or norm <= 1e-9 * total:
        return Line(line.y, line.x, line.dy, line.dx, mean_v, 0.0, 0.0)
    slope, skew, spread = slope / norm, skew / norm, norm / total
    bend = 0.0
    if len(on) >= 6 and high - low > BENT_FROM * half_width:
        norm = 0.0
        for k in on:
            weight, u = prob[k] ** 2, axis[k, 0] - mean_u
            square = u * (u - skew) - spread
            norm, bend = norm + weight * square**2, bend + weight * square * axis[k, 1]
        bend = bend / norm if norm > 1e-9 * total else 0.0
    off = mean_v - slope * mean_u + bend * (mean_u * (mean_u + skew) - spread)
    return Line(line.y, line.x, line.dy, line.dx, off, slope - bend * (2 * mean_u + skew), bend)


@compiled()
def run(line: Line, along: Doubles, on: Ids, gap: tuple[float, float], bins: Bins) -> tuple[int, int]:
    """Find the run of points around the origin of a line that is not interrupted: first and last place in `on`.

    Parameters
    ----------
    line
        The line.
    along
        (n,) rising distances of points along its direction.
    on
        Indices of those on the line.
    gap
        Distance of neighbouring points above which there is a gap, and the one above which a gap ends the line in any
        case; between both it does so unless it is filled by other rods.
    bins
        All points of rods.
    """
    first = 0
    while first < len(on) - 1 and along[on[first]] < 0:
        first += 1
    last = first
    while first > 0 and not _ends(line, along[on[first - 1]], along[on[first]], gap, bins):
        first -= 1
    while last < len(on) - 1 and not _ends(line, along[on[last]], along[on[last + 1]], gap, bins):
        last += 1
    return first, last


@compiled()
def _ends(line: Line, start: float, stop: float, gap: tuple[float, float], bins: Bins) -> bool:
    """Whether what lies between two neighbouring points ends a line."""
    if stop - start <= gap[0]:
        return False
    if stop - start > gap[1]:
        return True
    count, filled = math.ceil((stop - start - 3) / 2), 0
    for k in range(count):
        filled += occupied(bins, place(line, start + 2 + 2 * k))
    return filled < FILLED * count


@compiled()
def between(line: Line, low: float, high: float, half_width: float) -> Arc:
    """Rod along a line from one end to the other."""
    y1, x1 = place(line, low)
    y, x = place(line, (low + high) / 2)
    y2, x2 = place(line, high)
    length = math.hypot(y2 - y1, x2 - x1)
    dy, dx = (y2 - y1) / length, (x2 - x1) / length
    bow = (y - (y1 + y2) / 2) * dx - (x - (x1 + x2) / 2) * dy
    return Arc(y, x, max(length / 2, half_width), dy, dx, bow, half_width)


@compiled()
def inside(rod: Arc, y: float, x: float) -> bool:
    """Whether a place lies on a rod; its ends are taken as square."""
    along = (y - rod.y) * rod.dy + (x - rod.x) * rod.dx
    slope = -2 * rod.bow * along / rod.half_length**2
    across = (y - rod.y) * rod.dx - (x - rod.x) * rod.dy - slope * along / 2
    return abs(along) <= rod.half_length and abs(across) <= rod.half_width * math.sqrt(1 + slope**2)
