"""Labels in several separate pieces, of which the largest counts."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from particleforge.runs import Ints, Runs, runs


@dataclass(frozen=True, eq=False)
class Pieces:
    """A label image without the pixels that are separate from the largest piece of their label.

    Parameters
    ----------
    labels
        (Y, X) ids, 0 = background; the array that was given if every label is in one piece.
    runs
        The same as runs; no id is lost.
    count
        (n,) number of separate pieces of each label, ids in ascending order.
    share
        (n,) share of the pixels of each label that lie in its largest piece.
    """

    labels: npt.NDArray[Any]
    runs: Runs
    count: Ints
    share: npt.NDArray[np.float64]


def largest_pieces(labels: npt.NDArray[Any]) -> Pieces:
    """Reduce each label of a (Y, X) image to its largest piece, of equal ones to that of the first pixel.

    Pixels that touch at a side or a corner belong to the same piece. This takes about 5 % of the time of
    measuring.

    Examples
    --------
    >>> import numpy as np
    >>> from particleforge.pieces import largest_pieces
    >>> found = largest_pieces(np.array([[1, 1, 0, 1], [2, 2, 0, 0]]))
    >>> found.labels.tolist(), found.count.tolist()
    ([[1, 1, 0, 0], [2, 2, 0, 0]], [2, 1])
    """
    every = runs(labels)
    piece = _pieces(every, labels.shape[1])
    number, first = np.unique(piece, return_index=True)
    owner, total = every.which[first], every.sum(every.length)
    count = np.bincount(owner, minlength=len(every.ids))
    if len(number) == len(every.ids):
        return Pieces(labels, every, count, np.ones(len(count)))
    area = np.bincount(piece, every.length)[number]
    order = np.lexsort((first, -area, owner))
    largest = order[np.unique(owner[order], return_index=True)[1]]
    kept = np.isin(piece, number[largest])
    share = np.asarray(area[largest] / total, float)
    return Pieces(_without(labels, every.taken(~kept)), every.taken(kept), count, share)


def _pieces(every: Runs, width: int) -> Ints:
    """(R,) number of the piece of each run: runs of the same label that overlap or touch in consecutive rows."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    row = every.y * (width + 2)
    begin, end = row + every.first, row + every.last
    below = np.searchsorted(end, begin + width + 1), np.searchsorted(begin, end + width + 3, "right")
    number = np.maximum(below[1] - below[0], 0)
    above = np.repeat(np.arange(len(row)), number)
    other = np.arange(len(above)) + np.repeat(below[0] - (np.cumsum(number) - number), number)
    same = every.which[above] == every.which[other]
    links = coo_array((np.ones(same.sum(), np.bool_), (above[same], other[same])), shape=(len(row), len(row)))
    return np.asarray(connected_components(links, directed=False)[1], np.int64)


def _without(labels: npt.NDArray[Any], removed: Runs) -> npt.NDArray[Any]:
    """Copy a label image without some of its runs."""
    rest = labels.copy()
    rest.reshape(-1)[removed.places(labels.shape[1])] = 0
    return rest
