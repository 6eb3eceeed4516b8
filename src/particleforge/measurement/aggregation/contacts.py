"""Which particles touch, and what they form together: pure functions over runs of pixels."""

import math

import numpy as np

from particleforge.measurement.arrays import Ints
from particleforge.runs import Runs

_ROUNDING = 1e-9
"""Added to a gap, so that 0.3 nm are 3 pixels of 0.1 nm."""


def contacts(runs: Runs, gap_px: float = 0.0) -> Ints:
    """Find the pairs of particles that are no further apart than a gap.

    The gap between two particles is the smallest distance between their pixels, taken as unit squares: 0 for pixels
    that share a side or a corner, 1 for one pixel of background in between. Each run is compared with the runs of the
    rows below it that are near enough, so time grows with the length of the outlines, not with the area or the number
    of pairs.

    Parameters
    ----------
    runs
        The pixels of the particles, row by row.
    gap_px
        Largest gap of a contact.

    Returns
    -------
    (k, 2) int
        Positions in `runs.ids`, the smaller one first, each pair once, in ascending order.
    """
    gap_px += _ROUNDING
    order = np.lexsort((runs.first, runs.y))
    which, y, first, last = (values[order] for values in (runs.which, runs.y, runs.first, runs.last))
    number = len(runs.ids)
    width = int(last.max(initial=0)) + 2 * math.ceil(gap_px) + 4  # so that no reach crosses into another row
    begins, ends = y * width + first, y * width + last
    found = [np.empty(0, np.int64)]
    for down in range(math.floor(gap_px) + 2):
        reach = math.floor(math.sqrt(gap_px**2 - max(down - 1, 0) ** 2)) + 1
        low = np.searchsorted(ends, begins + down * width - reach)
        high = np.searchsorted(begins, ends + down * width + reach, "right")
        count = high - low
        here = np.repeat(np.arange(len(which)), count)
        other = np.arange(len(here)) - np.repeat(np.cumsum(count) - count - low, count)
        one, two = which[here], which[other]
        apart = one != two
        pair = np.minimum(one, two)[apart] * number + np.maximum(one, two)[apart]
        found.append(np.unique(pair))
    pairs = np.unique(np.concatenate(found))
    return np.stack([pairs // max(number, 1), pairs % max(number, 1)], axis=-1)


def components(number: int, pairs: Ints) -> Ints:
    """Join particles that touch, given as (k, 2) pairs.

    Returns
    -------
    (number,) int
        Number of what each belongs to, from 0 in the order of the first members.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ones = np.ones(len(pairs), np.int8)
    graph = coo_array((ones, (pairs[:, 0], pairs[:, 1])), shape=(number, number))
    found = connected_components(graph, directed=False)[1]
    _, at, which = np.unique(found, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(at))[which].astype(np.int64)
