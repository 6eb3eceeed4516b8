"""Pixels of polygons, as programs for annotations draw them."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
FARTHEST_PX = 1e9
"""Coordinates beyond this are not positions in an image."""
MOST_CROSSINGS = 50_000_000
"""Most rows that the edges of an outline cross in all; a real outline crosses each row a few times."""


def polygon_pixels(rings: Sequence[npt.NDArray[np.float64]], shape: tuple[int, int]) -> tuple[Ints, Ints]:
    """Rows and columns of the pixels whose centres lie inside closed outlines.

    A centre is inside if a line from it to the left crosses the outlines an odd number of times, so that a ring within
    a ring is a hole. Of two polygons with a common edge, one gets the centres on it: the one to the right of the edge.

    Parameters
    ----------
    rings
        (n, 2) corners x, y of each outline in px, counted from the corner of the image: the centre of the first
        pixel is (0.5, 0.5).
    shape
        Height and width of the image; what lies outside of it is cut off.

    Raises
    ------
    ValueError
        If a coordinate is not finite or beyond 1e9, or the outlines have too many edges.
    """
    corners = np.concatenate([np.zeros((0, 2)), *rings])
    if not (np.abs(corners) < FARTHEST_PX).all():
        x, y = corners[~(np.abs(corners) < FARTHEST_PX).all(axis=1)][0]
        raise ValueError(f"the point ({x:g}, {y:g}) is not a position in an image")
    nothing = np.zeros(0, np.int64)
    if not corners.size or 0 in shape:
        return nothing, nothing
    row, column = _crossings(np.concatenate([_edges(ring) for ring in rings]), shape)
    if not row.size:
        return nothing, nothing
    top, left = int(row.min()), int(column.min())
    turns = np.zeros((int(row.max()) - top + 1, int(column.max()) - left + 1), np.uint8)
    np.bitwise_xor.at(turns, (row - top, column - left), 1)
    inside = np.bitwise_xor.accumulate(turns, axis=1)[:, :-1].astype(bool)
    rows, columns = np.nonzero(inside)
    return rows + top, columns + left


def _edges(ring: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """(n, 4) x, y of the upper end, then of the lower end of each edge; level edges are left out."""
    edges = np.concatenate([ring, np.roll(ring, -1, axis=0)], axis=1).astype(np.float64)
    upwards = edges[:, 1] > edges[:, 3]
    edges[upwards] = edges[upwards][:, [2, 3, 0, 1]]
    level = edges[:, 1] == edges[:, 3]
    return np.asarray(edges[~level])


def _crossings(edges: npt.NDArray[np.float64], shape: tuple[int, int]) -> tuple[Ints, Ints]:
    """Row of each crossing of an edge with the centres of a row, and the first column whose centre is right of it."""
    x, y, x_end, y_end = edges.T
    first = np.clip(np.ceil(y - 0.5), 0, shape[0]).astype(np.int64)
    count = np.clip(np.ceil(y_end - 0.5), 0, shape[0]).astype(np.int64) - first
    if count.sum() > MOST_CROSSINGS:
        raise ValueError(f"{len(edges)} edges that cross {count.sum()} rows of pixels are too many for an outline")
    which = np.repeat(np.arange(len(edges)), count)
    row = first[which] + np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count)
    slope = (x_end - x) / (y_end - y)
    at = x[which] + (row + 0.5 - y[which]) * slope[which]
    return row, np.clip(np.ceil(at - 0.5), 0, shape[1]).astype(np.int64)
