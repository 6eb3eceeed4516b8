"""Label images as horizontal runs of equal ids, the pixels of each particle in raster order."""

from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

Ints: TypeAlias = npt.NDArray[np.int64]


class Runs(NamedTuple):
    """Particle `which` of `ids` covers columns `first` to `last` of row `y`."""

    ids: npt.NDArray[Any]
    which: Ints
    y: Ints
    first: Ints
    last: Ints

    @property
    def length(self) -> Ints:
        """(R,) number of pixels of each run."""
        return self.last - self.first + 1

    def sum(self, values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """(n,) sum over the runs of each particle."""
        return np.bincount(self.which, values, len(self.ids)).astype(float)

    def taken(self, chosen: npt.NDArray[np.bool_]) -> "Runs":
        """Take some of the (R,) runs; `ids` remain."""
        return Runs(self.ids, self.which[chosen], self.y[chosen], self.first[chosen], self.last[chosen])

    def places(self, width: int) -> Ints:
        """(P,) positions of all pixels in a flattened image of `width` columns, run by run."""
        before = np.cumsum(self.length) - self.length
        begins = self.y * width + self.first
        return np.asarray(np.repeat(begins - before, self.length) + np.arange(self.length.sum()), np.int64)

    def boxes(self) -> tuple[Ints, Ints, Ints, Ints]:
        """(n,) each: first and last row, first and last column of every particle."""
        n = len(self.ids)
        top, left = (np.full(n, np.iinfo(np.int64).max) for _ in range(2))
        bottom, right = (np.full(n, -1) for _ in range(2))
        np.minimum.at(top, self.which, self.y)
        np.maximum.at(bottom, self.which, self.y)
        np.minimum.at(left, self.which, self.first)
        np.maximum.at(right, self.which, self.last)
        return top, bottom, left, right


def runs(labels: npt.NDArray[Any]) -> Runs:
    """Find the runs of a (Y, X) label image; 0 is background."""
    begins = np.ones(labels.shape, np.bool_)
    np.not_equal(labels[:, 1:], labels[:, :-1], out=begins[:, 1:])
    start = np.flatnonzero(begins)
    stop = np.append(start[1:], labels.size)
    value = labels.reshape(-1)[start]
    inside = value != 0
    start, stop = start[inside], stop[inside]
    ids, which = np.unique(value[inside], return_inverse=True)
    if not len(ids) or ids[-1] <= np.iinfo(np.int64).max:
        ids = ids.astype(np.int64)
    y = start // max(labels.shape[1], 1)
    return Runs(ids, which.astype(np.int64), y, start - y * labels.shape[1], stop - 1 - y * labels.shape[1])
