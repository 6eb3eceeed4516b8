"""Percentiles of the pixels of an image that is read part by part: exact, whatever the parts."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float32]
Ints: TypeAlias = npt.NDArray[np.int64]
Counts: TypeAlias = Mapping[int, Ints]
"""How often each half of the bits of the values occurs; see `counted`."""

HALF_BITS = 16
WHOLE = -1
"""Key of the counts of upper halves."""


def counted(values: Floats, halves: Collection[int] = (WHOLE,)) -> dict[int, Ints]:
    """Count values by half of their bits.

    Parameters
    ----------
    values
        Finite 32-bit numbers.
    halves
        `WHOLE`: all values are counted, by their upper halves. Numbers of upper halves: values with one of these are
        counted, by their lower halves.

    Returns
    -------
    (2^16,) counts for each of `halves`. The counts of the parts of an image, added, are those of the image.
    """
    bits = np.ascontiguousarray(values, np.float32).reshape(-1).view(np.uint32)
    keys = np.where(bits >> 31, ~bits, bits | np.uint32(1 << 31))  # in the order of the numbers
    upper, size = keys >> HALF_BITS, 1 << HALF_BITS
    return {
        half: np.bincount(upper if half == WHOLE else keys[upper == half] & (size - 1), minlength=size)
        for half in halves
    }


def added(parts: Iterable[Counts]) -> dict[int, Ints]:
    """Add the counts of several parts."""
    total: dict[int, Ints] = {}
    for part in parts:
        for half, counts in part.items():
            total[half] = total.get(half, 0) + counts
    return total


class ExactPercentiles:
    """Percentiles as `numpy.percentile` interpolates them linearly.

    Parameters
    ----------
    count
        Gives the counts of the whole image for some `halves`; see `counted`.
    """

    def __init__(self, count: Callable[[Sequence[int]], Counts]) -> None:
        self._count = count
        self._upper = np.cumsum(count((WHOLE,))[WHOLE])
        self._lower: dict[int, Ints] = {}

    def __call__(self, percents: Sequence[float]) -> npt.NDArray[np.float64]:
        """(k,) grey values at percentages."""
        places = (int(self._upper[-1]) - 1) * (np.asarray(percents, float) / 100)
        before = np.floor(places).astype(np.int64)
        after = np.minimum(before + 1, self._upper[-1] - 1)
        low, high = np.split(self._values(np.concatenate([before, after])), 2)
        share = places - before
        return np.where(share < 0.5, low + (high - low) * share, high - (high - low) * (1 - share))

    def _values(self, ranks: Ints) -> npt.NDArray[np.float64]:
        """Return the values at ranks in ascending order, from 0."""
        upper = np.searchsorted(self._upper, ranks, "right")
        if new := sorted(set(upper.tolist()) - self._lower.keys()):
            self._lower |= {half: np.cumsum(counts) for half, counts in self._count(new).items()}
        before = np.append(0, self._upper)[upper]
        lower = [
            np.searchsorted(self._lower[half], rank, "right")
            for half, rank in zip(upper.tolist(), (ranks - before).tolist(), strict=True)
        ]
        keys = ((upper << HALF_BITS) | np.array(lower, np.int64)).astype(np.uint32)
        bits = np.where(keys >> 31, keys & np.uint32((1 << 31) - 1), ~keys)
        return bits.astype(np.uint32).view(np.float32).astype(np.float64)
