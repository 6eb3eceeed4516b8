"""What the network has to predict: maps on its grid that describe rods.

Geometry channels at a point of a rod, all in pixels of the network's input unless stated:

====== =============================================================
0, 1   from the point to the middle of the arc, y and x
2      logarithm of half the length, relative to `HALF_LENGTH_PX`
3, 4   cosine and sine of twice the angle: no jump at half a turn
5, 6   from the middle of the chord to that of the arc, y and x
7      logarithm of half the width, relative to `HALF_WIDTH_PX`
8, 9   from the point to the nearest point of the arc, y and x
====== =============================================================
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.ndimage import find_objects

from particleforge.models.patches import Patch, WholeOutlines
from particleforge.models.rods.geometry import Doubles, RodArcs, arcs_of
from particleforge.models.rods.network import CHANNELS, SCALES
from particleforge.outline import outline_of

Floats = npt.NDArray[np.float32]
HALF_LENGTH_PX, HALF_WIDTH_PX = 16.0, 4.0
ENDS = 0.6
"""How much less central the ends of a rod are than its middle."""


class Targets(NamedTuple):
    """Maps on the grid.

    Parameters
    ----------
    prob
        (h, w) how central the point is, 0 to 1.
    rod
        (`CHANNELS`, h, w) geometry in units of `SCALES`; 0 outside.
    slender
        (h, w) length divided by width of the rod at a point.
    weight
        (h, w) 1 where the annotation is known.
    """

    prob: Floats
    rod: Floats
    slender: Floats
    weight: Floats


def targets(patch: Patch, grid: tuple[int, int]) -> Targets:
    """Describe the rods of a patch in maps; where they cross, the one on top.

    Parameters
    ----------
    patch
        Its whole outlines are used where there are any, else those of its labels.
    grid
        Pixels per point of the grid, along y and x.
    """
    labels = patch.labels[:: grid[0], :: grid[1]]
    known = None if patch.known is None else patch.known[:: grid[0], :: grid[1]]
    prob, slender = np.zeros(labels.shape, np.float32), np.ones(labels.shape, np.float32)
    rod = np.zeros((CHANNELS, *labels.shape), np.float32)
    weight = np.ones(labels.shape, np.float32) if known is None else known.astype(np.float32)
    ids = np.unique(labels[labels > 0])
    outlines = _outlines(patch) if len(ids) else {}
    ids = np.array([label for label in ids.tolist() if label in outlines], np.int64)
    if not len(ids):
        return Targets(prob, rod, slender, weight)
    arcs = arcs_of([outlines[label] for label in ids.tolist()])
    cells = np.argwhere(np.isin(labels, ids))
    rows, columns = cells.T
    own = arcs.only(np.searchsorted(ids, labels[rows, columns]))
    points = cells * np.array(grid, float)
    prob[rows, columns] = centrality(own, points)
    rod[:, rows, columns] = (describe(own, points) / np.array(SCALES)).T
    slender[rows, columns] = own.half_lengths / own.half_widths
    return Targets(prob, rod, slender, weight)


def centrality(rods: RodArcs, points: Doubles) -> Doubles:
    """(n,) how central each of (n, 2) points is in the rod of the same row."""
    along, across = (part[:, 0] for part in rods.relative(points[:, None]))
    sideways = np.clip(across / (rods.half_widths + 0.5), -1, 1)
    lengthways = np.clip(along / np.maximum(rods.half_lengths, 1e-9), -1, 1)
    return np.asarray((1 - sideways**2) * (1 - ENDS * lengthways**2))


def describe(rods: RodArcs, points: Doubles) -> Doubles:
    """(n, `CHANNELS`) geometry of each rod, seen from the point of the same row."""
    along, across = (part[:, 0] for part in rods.relative(points[:, None]))
    slope = -2 * rods.bows * along / np.maximum(rods.half_lengths, 1e-9) ** 2
    normal = (rods.across - slope[:, None] * rods.along) / np.sqrt(1 + slope**2)[:, None]
    return np.concatenate(
        [
            rods.middles - points,
            np.log(rods.half_lengths / HALF_LENGTH_PX)[:, None],
            np.stack([np.cos(2 * rods.angles), np.sin(2 * rods.angles)], axis=1),
            rods.bows[:, None] * rods.across,
            np.log(rods.half_widths / HALF_WIDTH_PX)[:, None],
            -across[:, None] * normal,
        ],
        axis=1,
    )


def rods_at(points: Doubles, described: Doubles) -> RodArcs:
    """Rods from (n, `CHANNELS`) descriptions seen from (n, 2) points; the inverse of `describe`."""
    angles = 0.5 * np.arctan2(described[:, 4], described[:, 3])
    across = np.stack([np.cos(angles), -np.sin(angles)], axis=1)
    half_lengths = HALF_LENGTH_PX * np.exp(np.clip(described[:, 2], -6, 6))
    half_widths = HALF_WIDTH_PX * np.exp(np.clip(described[:, 7], -4, 4))
    bows = (described[:, 5:7] * across).sum(1)
    return RodArcs(points + described[:, :2], half_lengths, angles, bows, half_widths)


def _outlines(patch: Patch) -> WholeOutlines:
    """Outlines of the particles of a patch, of their visible parts if no more is known."""
    if patch.outlines is not None:
        return patch.outlines
    ids, dense = np.unique(patch.labels, return_inverse=True)
    windows = find_objects(dense.reshape(patch.labels.shape) + int(ids[0] > 0))
    found = {}
    for label, (rows, columns) in zip(ids[ids > 0].tolist(), windows, strict=True):
        found[label] = outline_of(patch.labels[rows, columns] == label, (rows.start, columns.start))
    return found
