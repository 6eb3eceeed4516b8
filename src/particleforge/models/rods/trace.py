"""Follow the middle line of a rod from point to point, also under rods that cross it.

What a point says about the rod next to it is precise, and what it says about the far ends is not. So the line is grown
from its most central point: a parabola is fitted to those points that continue it smoothly, and is prolonged until
there are no more. All of this is compiled.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from particleforge.compiled import compiled
from particleforge.models.rods.bins import Bins, Ids
from particleforge.models.rods.cells import Cells
from particleforge.models.rods.geometry import Doubles
from particleforge.models.rods.line import Arc, Line, between, fitted, run

BEGIN = 2.0
"""Half the length of the first piece of a line, in half widths."""
GAP = 8.0
"""Longest gap in a line, in half widths, where other rods lie on top."""
ASIDE, ASIDE_PX = 0.25, 0.7
"""How far a point's place on the middle line may lie from a line, in half widths, and in pixels in addition."""
TURNED = math.sin(math.radians(22))
"""Sine of the largest angle between a line and the rod that a point on it describes."""
WIDER = 1.7
"""Largest ratio of widths."""
REACH = 2.0
"""The rod that a point describes, prolonged by this factor, must contain the point from which the line began."""
AGREE, BREAK = 1.5, 0.5
"""The same factor for points beyond a gap, and the length from which on something counts as one, in half widths."""
NEXT_PX = 3.0
"""Longest distance of neighbouring points on a line."""
ROUND = 1.5
"""Ratio of length to width below which a particle has no line that could be followed."""
END_PX = 2.0
"""How much further than its last points a rod extends."""
ROUNDS = 25


class Traced(NamedTuple):
    """A rod and the points on it.

    Parameters
    ----------
    rod
        Where it is.
    members
        Indices of its points; none if hardly any belongs to it.
    support
        Share of its length at which there are points.
    """

    rod: Arc
    members: Ids
    support: float


class _Near(NamedTuple):
    """Points that may belong to a rod, by their distance along the direction of its first point.

    Parameters
    ----------
    ids
        (n,) their indices.
    along
        (n,) these distances.
    axis
        (n, 2) distances along and across of their places on the middle line.
    directions
        (n, 2) unit vectors along the rods that they describe, along and across.
    prob
        (n,) centrality.
    """

    ids: Ids
    along: Doubles
    axis: Doubles
    directions: Doubles
    prob: Doubles


@compiled()
def trace(cells: Cells, bins: Bins, ids: Ids, first: int) -> Traced:
    """Follow a rod from a point.

    Parameters
    ----------
    cells, bins
        All points.
    ids
        Indices of those that may belong to the rod.
    first
        Index of the point from which to begin.
    """
    half_width = cells.half_widths[first]
    if cells.half_lengths[first] < ROUND * half_width:
        traced: Traced = _round(cells, ids, first)
        return traced
    (y, x), (dy, dx) = _pair(cells.on_axis, first), _pair(cells.directions, first)
    line = Line(y, x, dy, dx, 0.0, 0.0, 0.0)
    near = _near(cells, ids, first, line)
    seam, longest = BREAK * half_width + NEXT_PX, GAP * half_width + 2
    low, high = -BEGIN * half_width, BEGIN * half_width
    members = near.ids[:0]
    for _ in range(ROUNDS):
        on = _continuing(near, line, half_width, low, high)
        if len(on) < 2:
            members = on[:0]
            break
        start, stop = run(line, near.along, on, (seam, seam), bins)
        on = _agreeing(cells, near.ids, on, first, start, stop)
        start, stop = run(line, near.along, on, (NEXT_PX, longest), bins)
        on = on[start : stop + 1]
        line = fitted(line, near.axis, near.prob, on, half_width)
        if _equal(on, members):
            break
        members, low, high = on, near.along[on[0]] - longest, near.along[on[-1]] + longest
    if len(members) == 0:
        return Traced(Arc(y, x, 0.0, dy, dx, 0.0, half_width), members, 0.0)
    low, high = near.along[members[0]], near.along[members[-1]]
    support = _support(near.along, members)
    for k in range(len(members)):
        members[k] = near.ids[members[k]]
    half_width = _mean_width(cells, members)
    return Traced(between(line, low - END_PX, high + END_PX, half_width), members, support)


@compiled()
def _near(cells: Cells, ids: Ids, first: int, line: Line) -> _Near:
    """Those of some points that may belong to a rod, sorted."""
    kept, along, count = np.empty(len(ids), np.int64), np.empty(len(ids)), 0
    for i in ids:
        if _fits(cells, i, first):
            kept[count] = i
            along[count] = (cells.points[i, 0] - line.y) * line.dy + (cells.points[i, 1] - line.x) * line.dx
            count += 1
    order = np.argsort(along[:count])
    near = _Near(
        np.empty(count, np.int64), np.empty(count), np.empty((count, 2)), np.empty((count, 2)), np.empty(count)
    )
    for k in range(count):
        i = kept[order[k]]
        near.ids[k], near.along[k], near.prob[k] = i, along[order[k]], cells.prob[i]
        y, x = cells.on_axis[i, 0] - line.y, cells.on_axis[i, 1] - line.x
        near.axis[k, 0], near.axis[k, 1] = y * line.dy + x * line.dx, y * line.dx - x * line.dy
        y, x = cells.directions[i, 0], cells.directions[i, 1]
        near.directions[k, 0], near.directions[k, 1] = y * line.dy + x * line.dx, y * line.dx - x * line.dy
    return near


@compiled()
def _fits(cells: Cells, i: int, first: int) -> bool:
    """Whether a point describes a rod that may be the one around the first point."""
    half_width = cells.half_widths[first]
    ratio = cells.half_widths[i] / half_width
    alike: bool = ratio < WIDER and ratio * WIDER > 1
    return alike and _contains(cells, i, first, REACH, 2 * half_width)


@compiled()
def _contains(cells: Cells, i: int, first: int, factor: float, further_px: float) -> bool:
    """Whether the rod that a point describes, prolonged, reaches as far as the first point."""
    y, x = cells.middles[i, 0] - cells.on_axis[first, 0], cells.middles[i, 1] - cells.on_axis[first, 1]
    along = abs(y * cells.directions[i, 0] + x * cells.directions[i, 1])
    reached: bool = along <= factor * cells.half_lengths[i] + further_px
    return reached


@compiled()
def _continuing(near: _Near, line: Line, half_width: float, low: float, high: float) -> Ids:
    """Points from one distance to another that lie next to a line and point along it."""
    found, count = np.empty(len(near.ids), np.int64), 0
    for k in range(len(near.ids)):
        if near.along[k] < low or near.along[k] > high:
            continue
        u, v = near.axis[k, 0], near.axis[k, 1]
        slope = line.slope + 2 * line.bend * u
        steep = math.sqrt(1 + slope**2)
        off = abs(v - line.off - u * (line.slope + u * line.bend))
        turned = abs(near.directions[k, 1] - slope * near.directions[k, 0])
        if off < (ASIDE * half_width + ASIDE_PX) * steep and turned < TURNED * steep:
            found[count] = k
            count += 1
    return found[:count]


@compiled()
def _agreeing(cells: Cells, ids: Ids, on: Ids, first: int, start: int, stop: int) -> Ids:
    """Points of a run, and those beyond its ends that agree about the rod."""
    found, count, further_px = np.empty(len(on), np.int64), 0, cells.half_widths[first]
    for k in range(len(on)):
        if start <= k <= stop or _contains(cells, ids[on[k]], first, AGREE, further_px):
            found[count] = on[k]
            count += 1
    return found[:count]


@compiled()
def _equal(one: Ids, other: Ids) -> bool:
    if len(one) != len(other):
        return False
    for k in range(len(one)):
        if one[k] != other[k]:
            return False
    return True


@compiled()
def _mean_width(cells: Cells, members: Ids) -> float:
    """Half the width of a rod, a mean over its points."""
    total = log = 0.0
    for i in members:
        weight = cells.prob[i] ** 2
        total, log = total + weight, log + weight * math.log(cells.half_widths[i])
    return math.exp(log / total)


@compiled()
def _support(along: Doubles, members: Ids) -> float:
    """Share of a rod, in pieces of two points of the grid, in which there are any of its points."""
    low, high = along[members[0]], along[members[-1]]
    pieces: int = max(1, round((high - low) / 4))
    last, count = -1, 0.0
    for k in members:
        piece = min(int((along[k] - low) / max(high - low, 1e-9) * pieces), pieces - 1)
        if piece != last:
            last, count = piece, count + 1
    return count / pieces


@compiled()
def _round(cells: Cells, ids: Ids, first: int) -> Traced:
    """Return a particle without a direction: the mean of what its points describe."""
    reach = 1.2 * cells.half_lengths[first] + 1
    members, count = np.empty(len(ids), np.int64), 0
    total = y = x = half_length = 0.0
    for i in ids:
        close = _apart(cells.points, i, cells.on_axis, first) <= reach
        agree = _apart(cells.middles, i, cells.middles, first) < cells.half_widths[first]
        if close and agree and _fits(cells, i, first):
            members[count] = i
            count += 1
            weight = cells.prob[i] ** 2
            total, half_length = total + weight, half_length + weight * math.log(cells.half_lengths[i])
            y, x = y + weight * cells.middles[i, 0], x + weight * cells.middles[i, 1]
    members, (dy, dx) = members[:count] if count > 1 else members[:0], _pair(cells.directions, first)
    if len(members) == 0:
        return Traced(Arc(y, x, 0.0, dy, dx, 0.0, 0.0), members, 0.0)
    rod = Arc(y / total, x / total, math.exp(half_length / total), dy, dx, 0.0, _mean_width(cells, members))
    return Traced(rod, members, 1.0)


@compiled()
def _pair(values: Doubles, i: int) -> tuple[float, float]:
    return values[i, 0], values[i, 1]


@compiled()
def _apart(one: Doubles, i: int, other: Doubles, j: int) -> float:
    """Distance of two points."""
    return math.hypot(one[i, 0] - other[j, 0], one[i, 1] - other[j, 1])
