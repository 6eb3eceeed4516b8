"""Ratios of what is counted to where, with an interval from how they differ between parts of the field."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from particleforge.measurement.arrays import Floats, Ints

GRAINS_PER_PART = 12
"""Parts of a field are so large that they hold about this number of grains, so that they differ independently."""
MOST_PER_SIDE = 6
"""Maximum number of parts along a side."""


class Ratio(NamedTuple):
    """A ratio with its interval.

    Parameters
    ----------
    value, low, high
        The ratio and the limits of its interval; the limits are NaN if nothing was counted.
    """

    value: float
    low: float
    high: float

    @property
    def accuracy_percent(self) -> float:
        """Half the width of the interval in percent of the value."""
        return 50 * (self.high - self.low) / self.value


def ratio(counts: Floats, extents: Floats, confidence_percent: float = 95.0) -> Ratio:
    """Ratio of sums, with an interval of Student's t in its logarithm from how parts differ.

    Parameters
    ----------
    counts, extents
        (k,) what was counted in each part, and the area or length where; at least two parts.
    confidence_percent
        Confidence of the interval.
    """
    from scipy.special import stdtrit

    total, k = float(extents.sum()), len(counts)
    value = float(counts.sum()) / total
    if not value:
        return Ratio(value, math.nan, math.nan)
    error = math.sqrt(k / (k - 1) * float(((counts - value * extents) ** 2).sum())) / total
    half = float(stdtrit(k - 1, 0.5 + confidence_percent / 200)) * error / value
    return Ratio(value, value * math.exp(-half), value * math.exp(half))


def part_numbers(shape: tuple[int, int], grains: float) -> tuple[Ints, Ints]:
    """Divide a field into equal parts, at least two along each side.

    Returns
    -------
    rows, columns
        A pixel in row i and column j belongs to part ``rows[i] + columns[j]``.
    """
    across = int(np.clip(math.sqrt(grains / GRAINS_PER_PART), 2, MOST_PER_SIDE))
    rows, columns = (np.arange(length) * across // length for length in shape)
    return rows * across, columns


def sums(numbers: npt.NDArray[np.int64], values: npt.NDArray[np.floating] | None, count: int) -> Floats:
    """(count,) sum of values, or their number, by part."""
    return np.asarray(np.bincount(numbers.ravel(), None if values is None else values.ravel(), count), float)


def joined(fields: Sequence[Sequence[Sequence[float]]], fewest: int) -> tuple[Floats, Floats]:
    """Join counts and extents of the parts of several fields; those of whole fields if there are `fewest` of them."""
    parts = [np.asarray(field, float) for field in fields]
    every = np.stack([part.sum(0) for part in parts]) if len(parts) >= fewest else np.concatenate(parts)
    return every[:, 0], every[:, 1]
