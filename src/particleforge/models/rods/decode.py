"""Whole rods out of what the network predicts at single points."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from particleforge.compiled import compiled
from particleforge.models.rods.bins import Bins, Ids, around
from particleforge.models.rods.cells import Cells
from particleforge.models.rods.geometry import Doubles, RodArcs, none
from particleforge.models.rods.line import Arc, inside
from particleforge.models.rods.trace import ROUND, trace

Floats = npt.NDArray[np.float32]
COVERED = 0.5
"""Share of a rod that a better one may cover, if both point in about the same direction."""
SAME_DIRECTION = np.sin(0.5)
"""Sine of the largest angle between rods that are compared for that."""
LONGEST = 1.6
"""How much longer a rod may be than its most central point says."""
UNSUPPORTED = 0.3
"""Rank of a rod without points along it, relative to one that is seen everywhere."""


class Decoded(NamedTuple):
    """Rods, the best ones first.

    Parameters
    ----------
    rods
        In pixels of the network's input.
    scores
        (n,) centrality of the most central point.
    support
        (n,) share of the length of each at which there are points that describe it.
    """

    rods: RodArcs
    scores: Floats
    support: Floats


def decode(prob: npt.NDArray[np.floating], rod: npt.NDArray[np.floating], points: Doubles, threshold: float) -> Decoded:
    """Find whole rods.

    The line of a rod is followed from its most central point; see `trace`. Points on a rod that describe one of about
    its direction begin no other.

    Parameters
    ----------
    prob
        (n,) centrality of points.
    rod
        (n, channels) geometry at these points, in pixels.
    points
        (n, 2) places of the points, y and x in pixels.
    threshold
        Least centrality of the first point of a rod.
    """
    cells = Cells.of(prob, rod, points)
    if not len(cells.prob):
        return Decoded(none(), np.zeros(0, np.float32), np.zeros(0, np.float32))
    seeds = int(np.searchsorted(-cells.prob, -threshold, side="right"))
    table, firsts = _grow(cells, Bins.of(cells.points), seeds)
    y, x, half_lengths, dy, dx, bows, half_widths, support = table.T
    rods = RodArcs(np.stack([y, x], axis=1), half_lengths, np.arctan2(dy, dx), bows, half_widths)
    scores, support = cells.prob[firsts].astype(np.float32), support.astype(np.float32)
    order = np.argsort(-scores * (UNSUPPORTED + (1 - UNSUPPORTED) * support), kind="stable")
    rods = rods.only(order)
    kept = _kept(table[order], _samples(rods))
    return Decoded(rods.only(kept), scores[order[kept]], support[order[kept]])


@compiled()
def _grow(cells: Cells, bins: Bins, seeds: int) -> tuple[Doubles, Ids]:
    """Grow rods from the first points as far as these do not lie on one yet.

    Returns (n, 8) rods, in the order of `Arc`, with their support, and (n,) their first points.
    """
    free = np.ones(len(cells.prob), np.bool_)
    table, firsts, count = np.empty((seeds, 8)), np.empty(seeds, np.int64), 0
    for first in range(seeds):
        if not free[first]:
            continue
        reach = LONGEST * cells.half_lengths[first] + 2 * cells.half_widths[first] + 4
        near = around(bins, (cells.on_axis[first, 0], cells.on_axis[first, 1]), reach)
        traced = trace(cells, bins, _only(near, free), first)
        free[first] = False
        if len(traced.members) == 0:
            continue
        for i in traced.members:
            free[i] = False
        for i in near:
            free[i] = free[i] and not _explained(traced.rod, cells, i)
        for k, value in enumerate(traced.rod):
            table[count, k] = value
        table[count, 7], firsts[count] = traced.support, first
        count += 1
    return table[:count], firsts[:count]


@compiled()
def _only(ids: Ids, kept: npt.NDArray[np.bool_]) -> Ids:
    """Those ids that are kept."""
    found, count = np.empty(len(ids), np.int64), 0
    for i in ids:
        if kept[i]:
            found[count] = i
            count += 1
    return found[:count]


@compiled()
def _explained(rod: Arc, cells: Cells, i: int) -> bool:
    """Whether a point lies on a rod and describes one of about its direction."""
    turned = abs(cells.directions[i, 0] * rod.dx - cells.directions[i, 1] * rod.dy)
    same_way = turned < SAME_DIRECTION or rod.half_length < ROUND * rod.half_width
    return same_way and inside(rod, cells.points[i, 0], cells.points[i, 1])


@compiled()
def _kept(table: Doubles, samples: Doubles) -> Ids:
    """Choose the rods that better ones of about the same direction do not cover by more than half: their indices.

    Parameters
    ----------
    table
        (n, 8) rods, in the order of `Arc`, the best ones first.
    samples
        (n, m, 2) points spread over each.
    """
    kept, count, number = np.empty(len(table), np.int64), 0, samples.shape[1]
    for i in range(len(table)):
        rod, covered, on = _arc(table, i), np.zeros(number, np.bool_), 0
        for j in kept[:count]:
            other = _arc(table, j)
            stout = min(rod.half_length / rod.half_width, other.half_length / other.half_width) < ROUND
            same_way = stout or abs(rod.dy * other.dx - rod.dx * other.dy) < SAME_DIRECTION
            apart = math.hypot(rod.y - other.y, rod.x - other.x) >= rod.half_length + other.half_length
            if apart or not same_way:
                continue
            for k in range(number):
                if not covered[k] and inside(other, samples[i, k, 0], samples[i, k, 1]):
                    covered[k], on = True, on + 1
        if on <= COVERED * number:
            kept[count] = i
            count += 1
    return kept[:count]


@compiled()
def _arc(table: Doubles, i: int) -> Arc:
    """Return a row of a table as a rod."""
    return Arc(table[i, 0], table[i, 1], table[i, 2], table[i, 3], table[i, 4], table[i, 5], table[i, 6])


def _samples(rods: RodArcs) -> Doubles:
    """(n, 33, 2) points spread over rods."""
    along = rods.half_lengths[:, None] * np.linspace(-0.9, 0.9, 11)
    line, aside = rods.places(along), 0.6 * rods.half_widths[:, None, None] * rods.normals(along)
    return np.concatenate([line - aside, line, line + aside], axis=1)
