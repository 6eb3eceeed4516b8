"""Find the points near a place."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from particleforge.compiled import compiled
from particleforge.models.rods.geometry import Doubles

Ids = npt.NDArray[np.int64]
BIN_PX = 8.0
FILLED_PX = 1.5
"""Distance within which there is a point where there is a rod; they lie on a grid of 2 px."""


class Bins(NamedTuple):
    """Points sorted into squares of `BIN_PX`, so that those near a place are found quickly.

    Parameters
    ----------
    points
        (n, 2) their places, y and x.
    origin
        (2,) y and x of the corner of the first square.
    starts
        (rows, columns + 1) where the points of a square begin in `ids`; they end where those of the next one begin.
    ids
        (n,) indices of points.
    """

    points: Doubles
    origin: Doubles
    starts: Ids
    ids: Ids

    @classmethod
    def of(cls, points: Doubles) -> Bins:
        """Sort (n, 2) points; there is at least one."""
        origin = points.min(0)
        rows, columns = ((points - origin) // BIN_PX).astype(np.int64).T
        shape = int(rows.max()) + 1, int(columns.max()) + 1
        square = rows * shape[1] + columns
        ends = np.cumsum(np.bincount(square, minlength=shape[0] * shape[1])).reshape(shape)
        before = np.concatenate([[0], ends[:-1, -1]])
        return cls(points, origin, np.column_stack([before, ends]), np.argsort(square, kind="stable"))


@compiled()
def around(bins: Bins, at: tuple[float, float], reach: float) -> Ids:
    """Find the points within a distance of a place, in pixels: their indices."""
    rows, columns = bins.starts.shape[0], bins.starts.shape[1] - 1
    y, x = at[0] - bins.origin[0], at[1] - bins.origin[1]
    top, bottom = max(0, math.floor((y - reach) / BIN_PX)), min(rows - 1, math.floor((y + reach) / BIN_PX))
    left, right = max(0, math.floor((x - reach) / BIN_PX)), min(columns - 1, math.floor((x + reach) / BIN_PX))
    if left > right:
        return bins.ids[:0]
    most = 0
    for row in range(top, bottom + 1):
        most += bins.starts[row, right + 1] - bins.starts[row, left]
    found, count = np.empty(most, np.int64), 0
    for row in range(top, bottom + 1):
        for k in range(bins.starts[row, left], bins.starts[row, right + 1]):
            i = bins.ids[k]
            if (bins.points[i, 0] - at[0]) ** 2 + (bins.points[i, 1] - at[1]) ** 2 <= reach**2:
                found[count] = i
                count += 1
    return found[:count]


@compiled()
def occupied(bins: Bins, at: tuple[float, float]) -> bool:
    """Whether there is a point at a place."""
    return len(around(bins, at, FILLED_PX)) > 0
