"""Smooth density of ln d and rule-based bins."""

import math
from dataclasses import dataclass

import numpy as np

from particleforge.measurement.arrays import Floats
from particleforge.measurement.statistics.sizes import Sizes

_CELLS = 256
_REACH = 4.0
_MOST_BINS = 40
LOG_FROM_RATIO = 2.5
"""Sizes are plotted on a logarithmic axis if the largest is more than this multiple of the smallest."""


@dataclass(frozen=True, eq=False)
class Smoother:
    r"""Kernel density estimate of ln d on a grid, with Gaussian kernels of a single bandwidth.

    Bandwidth by Silverman's rule on ln d, :math:`0.9 \min(s, IQR/1.349) n^{-1/5}` with Kish's effective n.
    """

    centres: Floats
    kernel: Floats

    @classmethod
    def of(cls, sizes: Sizes) -> "Smoother | None":
        """Build the grid for some sizes; None if all are equal, or there are none."""
        log = np.log(sizes.values)
        if len(log) < 2 or log[-1] - log[0] < 1e-6:
            return None
        width = _bandwidth(log, sizes.weights)
        centres, step = np.linspace(log[0] - _REACH * width, log[-1] + _REACH * width, _CELLS, retstep=True)
        width = max(width, float(step))
        kernel = np.exp(-0.5 * ((centres[:, None] - centres) / width) ** 2) / (width * math.sqrt(2 * math.pi))
        return cls(centres, kernel)

    @property
    def limits(self) -> Floats:
        """(255,) sizes at which the grid goes from one cell to the next."""
        return np.asarray(np.exp((self.centres[:-1] + self.centres[1:]) / 2), float)

    def density(self, values: Floats, shares: Floats) -> Floats:
        """(256, k) density of ln d on the grid for (n,) sizes in ascending order and (k, n) weights.

        Each integrates to 1.
        """
        step = self.centres[1] - self.centres[0]
        cells = np.rint((np.log(values) - self.centres[0]) / step).astype(np.int64)
        first = np.flatnonzero(np.diff(cells, prepend=-1))
        heaps = np.add.reduceat(shares, first, axis=1).T
        return np.asarray(self.kernel[:, cells[first]] @ (heaps / heaps.sum(axis=0)), float)

    def modes(self, values: Floats, shares: Floats) -> Floats:
        """(k,) size at which each density of ln d is highest."""
        return np.asarray(np.exp(self.centres[self.density(values, shares).argmax(axis=0)]), float)


def _bandwidth(log: Floats, weights: Floats) -> float:
    total = weights.sum()
    mean = weights @ log / total
    spread = math.sqrt(weights @ (log - mean) ** 2 / total)
    low, high = np.interp((0.25, 0.75), (np.cumsum(weights) - weights / 2) / total, log)
    quartiles = (high - low) / 1.349
    effective = total**2 / (weights @ weights)
    return float(0.9 * (min(spread, quartiles) if quartiles > 0 else spread) * effective**-0.2)


def bins(values: Floats, logarithmic: bool) -> Floats:
    """Bin edges by the rule of Freedman and Diaconis on ln d or d; 5 to 40 bins, or one if all sizes are equal."""
    scaled = np.log(values) if logarithmic else values
    low, high = float(scaled.min()), float(scaled.max())
    if high - low <= 1e-9 * abs(high):
        return np.asarray([0.96 * values.mean(), 1.04 * values.mean()])
    quarter, three = np.quantile(scaled, (0.25, 0.75))
    wanted = (high - low) / max(2 * (three - quarter) / len(scaled) ** (1 / 3), (high - low) / _MOST_BINS)
    edges = np.linspace(low, high, max(math.ceil(wanted), 5) + 1)
    edges = np.exp(edges) if logarithmic else edges
    edges[0], edges[-1] = values.min(), values.max()
    return np.asarray(edges, float)
