"""Figures of many resamples at once, as matrix products."""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import numpy.typing as npt

from particleforge.measurement.arrays import Floats, Ints

_AT_ONCE = 2**17
"""Particles whose powers are in memory at the same time."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """B resamples of n sizes.

    Shares, below, are (k, n): how much each particle counts, in k ways. NaN stands for what is undefined.

    Parameters
    ----------
    values
        (n,) sizes in ascending order, at least one.
    times
        (B, n) how often each is drawn, as floating-point numbers.
    """

    values: Floats
    times: Floats

    @classmethod
    def once(cls, values: Floats) -> Self:
        """Return the sample itself, every particle once."""
        return cls(values, np.ones((1, len(values))))

    def sums(self, columns: Floats) -> Floats:
        """(B, k) sums of (k, n) columns over the particles drawn."""
        return np.asarray(self.times @ columns.T, float)

    def moments(self, x: Floats, shares: Floats) -> tuple[Floats, Floats, Floats]:
        """(B, k) mean, variance and third central moment of (n,) numbers; the last two are 0 if all sizes are equal."""
        centre = shares @ x / shares.sum(axis=1)
        sums = np.zeros((4, len(self.times), len(shares)))
        for start in range(0, len(x), _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            away = x[part] - centre[:, None]  # moments about zero would lose more to rounding
            column = shares[:, part]
            for power in range(4):
                sums[power] += self.times[:, part] @ column.T
                column = column * away
        total = sums[0]
        first, second, third = sums[1:] / total
        differ = ~self._equal[:, None]
        variance = np.maximum(second - first**2, 0) * differ
        return centre + first, variance, (third - 3 * first * second + 2 * first**3) * differ

    def geometric(self, shares: Floats) -> tuple[Floats, Floats]:
        r"""(B, k) geometric mean and GSD.

        The latter is :math:`\exp` of the standard deviation of :math:`\ln d`, whose square is divided by
        :math:`\sum q - \sum q^2/\sum q` (n - 1 if all weights are equal).
        """
        middle, variance, _ = self.moments(np.log(self.values), shares)
        total = self.sums(shares)
        freedom = total - self._squares(shares) / total
        several = freedom > 1e-9 * total
        square = np.divide(variance * total, freedom, where=several, out=np.full(total.shape, np.nan))
        return np.exp(middle), np.exp(np.sqrt(square))

    def _squares(self, shares: Floats) -> Floats:
        """(B, k) sums of the squares of what each particle counts."""
        return self.sums(shares**2)

    def percentiles(self, shares: Floats, at: Floats) -> Floats:
        """(B, k, m) sizes below which the m fractions `at` lie.

        They are interpolated linearly between the sizes, with half of each particle's share below its own size (Hazen);
        so a distribution and its mirror image are treated alike, whatever the weights.
        """
        return np.stack([self._percentiles(share, at) for share in shares], axis=1)

    def _percentiles(self, share: Floats, at: Floats) -> Floats:
        """(B, m) percentiles for (n,) shares."""
        rows = np.arange(len(self.times))[:, None]
        below = np.cumsum(self.times * share, axis=1)
        wanted = below[:, -1:] * at
        held = np.stack([np.count_nonzero(below < one[:, None], axis=1) for one in wanted.T], axis=1)
        held = np.minimum(held, len(share) - 1)  # the particle whose share the fraction is in

        def middles(which: Ints) -> tuple[Floats, Floats]:
            """Shares up to the middle of the first and the last time that particles are drawn."""
            last = below[rows, which] - share[which] / 2
            return last - (self.times[rows, which] - 1) * share[which], last

        first, last = middles(held)
        lower = wanted < first
        other = self._next(held, np.where(lower, -1, 1))
        start = np.where(lower, first, last)
        end = np.where(lower, middles(other)[1], middles(other)[0])
        between = (lower | (wanted > last)) & (other != held)
        part = np.divide(wanted - start, end - start, where=between, out=np.zeros(wanted.shape))
        return np.asarray(self.values[held] + part * (self.values[other] - self.values[held]), float)

    def _next(self, which: Ints, way: Ints) -> Ints:
        """(B, m) particle drawn next to each of the given ones, upwards or downwards; itself where there is none."""
        rows, found, last = np.arange(len(which))[:, None], which + way, len(self.values) - 1
        while True:
            inside = (found >= 0) & (found <= last)
            skipped = inside & (self.times[rows, np.clip(found, 0, last)] == 0)
            if not skipped.any():
                return np.where(inside, found, which)
            found = found + way * skipped

    @cached_property
    def _equal(self) -> npt.NDArray[np.bool_]:
        """(B,) whether all sizes drawn are equal."""
        drawn = self.times > 0
        first, last = drawn.argmax(axis=1), drawn.shape[1] - 1 - drawn[:, ::-1].argmax(axis=1)
        return np.asarray(self.values[first] == self.values[last])
