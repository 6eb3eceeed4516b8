"""Whole rods out of what the network predicts at single points."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from particleforge.models.rods.cells import Cells
from particleforge.models.rods.geometry import Doubles, RodArcs, joined, none
from particleforge.models.rods.trace import ROUND, trace

Floats = npt.NDArray[np.float32]
COVERED = 0.5
"""Share of a rod that a better one may cover, if both point in about the same direction."""
SAME_DIRECTION = np.sin(0.5)
"""Sine of the largest angle between rods that are compared for that."""
NEXT_PX = 1.5
"""Distance within which there is a point where there is a rod; they lie on a grid of 2 px."""
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
    from scipy.spatial import cKDTree

    cells = Cells.of(prob, rod, points)
    if not len(cells):
        return Decoded(none(), np.zeros(0, np.float32), np.zeros(0, np.float32))
    tree = cKDTree(cells.points)

    def occupied(places: Doubles) -> npt.NDArray[np.bool_]:
        return np.isfinite(tree.query(places, distance_upper_bound=NEXT_PX)[0])

    free = np.ones(len(cells), bool)
    found: list[tuple[RodArcs, float, float]] = []
    for first in range(int(np.searchsorted(-cells.prob, -threshold, side="right"))):
        if not free[first]:
            continue
        free[first] = False
        reach = LONGEST * cells.rods.half_lengths[first] + 2 * cells.rods.half_widths[first] + 4
        around = np.array(tree.query_ball_point(cells.on_axis[first], reach), np.int64)
        near = np.append(around[free[around]], first)
        traced = trace(cells, near, first, occupied)
        if traced is None:
            continue
        free[traced.members] = False
        on = around[_explained(traced.rod, cells.only(around))]
        free[on] = False
        found.append((traced.rod, float(cells.prob[first]), traced.support))
    return _without_duplicates(found)


def _explained(rod: RodArcs, cells: Cells) -> npt.NDArray[np.bool_]:
    """Whether points lie on a rod and describe one of about its direction."""
    along, across = (part[0] for part in rod.relative(cells.points))
    on = (np.abs(along) <= rod.half_lengths[0]) & (np.abs(across) <= rod.half_widths[0])
    same_way = np.abs(np.sin(cells.rods.angles - rod.angles[0])) < SAME_DIRECTION
    return np.asarray(on & (same_way | (rod.half_lengths[0] < ROUND * rod.half_widths[0])))


def _without_duplicates(found: list[tuple[RodArcs, float, float]]) -> Decoded:
    """Drop rods that better ones of about the same direction cover by more than half."""
    rods = joined([one for one, _, _ in found])
    scores, support = (np.array([row[i] for row in found], np.float32) for i in (1, 2))
    order = np.argsort(-scores * (UNSUPPORTED + (1 - UNSUPPORTED) * support), kind="stable")
    rods, scores, support = rods.only(order), scores[order], support[order]
    samples, stout = _samples(rods), rods.half_lengths < ROUND * rods.half_widths
    kept: list[int] = []
    for i in range(len(rods)):
        others = np.array(kept, np.int64)
        apart = np.linalg.norm(rods.middles[others] - rods.middles[i], axis=1)
        others = others[apart < rods.half_lengths[others] + rods.half_lengths[i]]
        near = rods.only(others)
        along, across = near.relative(samples[i][None])
        same_way = np.abs(np.sin(near.angles - rods.angles[i])) < SAME_DIRECTION
        on = (np.abs(along) <= near.half_lengths[:, None]) & (np.abs(across) <= near.half_widths[:, None])
        if (on & (same_way | stout[i] | stout[others])[:, None]).any(0).mean() <= COVERED:
            kept.append(i)
    indices = np.array(kept, np.int64)
    return Decoded(rods.only(indices), scores[indices], support[indices])


def _samples(rods: RodArcs) -> Doubles:
    """(n, 33, 2) points spread over rods."""
    along = rods.half_lengths[:, None] * np.linspace(-0.9, 0.9, 11)
    line, aside = rods.places(along), 0.6 * rods.half_widths[:, None, None] * rods.normals(along)
    return np.concatenate([line - aside, line, line + aside], axis=1)
