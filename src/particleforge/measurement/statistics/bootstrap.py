"""Confidence intervals by the bootstrap."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import Field

from particleforge.measurement.arrays import Floats, Ints
from particleforge.measurement.statistics.drawn import Drawn
from particleforge.measurement.statistics.sizes import Sizes
from particleforge.params import Params
from particleforge.seeds import stream

FEWEST_IMAGES = 6
"""From this number of images, whole images are resampled; below, single particles, assumed to be independent."""
FEWEST_PARTICLES = 5
"""With fewer particles there are no intervals."""
_AT_ONCE = 2**20
"""Entries of a matrix of resamples and particles: 8 MB."""


class Precision(Params):
    """Confidence intervals and the wanted precision."""

    confidence_percent: float = Field(95.0, gt=50, lt=100, description="Share of intervals that hold the true value.")
    resamples: int = Field(1000, ge=100, description="How many times the sample is resampled.")
    wanted_percent: float = Field(
        5.0,
        gt=0,
        title="Wanted half-width [%]",
        description="Half-width of an interval for which the number of particles needed is computed.",
    )


@dataclass(frozen=True, eq=False)
class Bootstrap:
    """Intervals of any figures computed from sizes.

    Sizes are drawn with replacement, each with its weight: single particles, or whole images if there are at least six,
    so that differences between images are included. Intervals are percentiles of the figures of these resamples, at
    levels for which intervals of the mean of a normal sample would be those of Student's t
    (Hesterberg, Am. Stat. 69, 371, 2015).

    Parameters
    ----------
    sizes
        The measured sizes.
    precision
        Confidence and number of resamples.
    """

    sizes: Sizes
    precision: Precision

    @property
    def unit(self) -> Literal["images", "particles"]:
        """What is resampled."""
        return "images" if self.sizes.image_count >= FEWEST_IMAGES else "particles"

    @property
    def possible(self) -> bool:
        """Whether there are enough particles."""
        return len(self.sizes) >= FEWEST_PARTICLES

    def intervals(self, compute: Callable[[Drawn], Floats]) -> Floats:
        """(2, k) limits of the (B, k) figures that `compute` returns of B resamples; NaN if a resample has none."""
        return resampled(self._units, lambda times: compute(Drawn(self.sizes.values, times)), self.precision)

    def drawn(self, resamples: int) -> Iterator[Floats]:
        """(B, n) how often each particle is drawn, for some of the resamples at a time."""
        return _drawn(self._units, resamples)

    def limits(self, figures: Floats) -> Floats:
        """(2, k) lower and upper limits of k figures, from those of B resamples as (B, k)."""
        return _limits(figures, len(np.unique(self._units)), self.precision)

    @property
    def _units(self) -> Ints:
        return self.sizes.images if self.unit == "images" else np.arange(len(self.sizes))


def resampled(units: Ints, compute: Callable[[Floats], Floats], precision: Precision) -> Floats:
    """Intervals of figures when whole units are drawn with replacement, at the levels described in `Bootstrap`.

    Parameters
    ----------
    units
        (n,) number of the unit that each particle belongs to; at least two different ones.
    compute
        Returns (B, k) figures of B resamples, given how often each of the n particles is drawn, as (B, n)
        floating-point numbers. It is called several times, so that no matrix is large.
    precision
        Confidence and number of resamples.

    Returns
    -------
    (2, k) float
        Lower and upper limits; NaN if a resample has none.
    """
    with np.errstate(invalid="ignore"):
        figures = np.concatenate([compute(times) for times in _drawn(units, precision.resamples)])
    return _limits(figures, len(np.unique(units)), precision)


def _drawn(units: Ints, resamples: int) -> Iterator[Floats]:
    """(B, n) how often each particle is drawn, for some of the resamples at a time."""
    ids, which = np.unique(units, return_inverse=True)
    n, rng = len(ids), stream(0, "bootstrap")
    at_once = max(1, _AT_ONCE // len(units))
    for done in range(0, resamples, at_once):
        rows = min(at_once, resamples - done)
        chosen = rng.integers(n, size=(rows, n)) + n * np.arange(rows)[:, None]
        times = np.bincount(chosen.reshape(-1), minlength=rows * n).reshape(rows, n)
        yield times[:, which].astype(float)


def _limits(figures: Floats, count: int, precision: Precision) -> Floats:
    """(2, k) percentiles of (B, k) figures, at the levels for `count` units."""
    from scipy.special import ndtr, stdtrit

    tail = (1 - precision.confidence_percent / 100) / 2
    low = float(ndtr(math.sqrt(count / (count - 1)) * stdtrit(count - 1, tail)))
    with np.errstate(invalid="ignore"):
        return np.asarray(np.quantile(figures, (low, 1 - low), axis=0), float)
