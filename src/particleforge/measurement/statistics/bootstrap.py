"""Confidence intervals by the bootstrap."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from pydantic import Field

from particleforge.measurement.arrays import Floats, Ints
from particleforge.measurement.statistics.cells import MANY, Cells, in_groups, random_groups
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
    so that differences between images are included. Very many particles are drawn in random groups, as cells
    (`particleforge.measurement.statistics.cells`). Intervals are percentiles of the figures of these resamples, at
    levels for which intervals of the mean of a normal sample would be those of Student's t
    (Hesterberg, Am. Stat. 69, 371, 2015).

    Parameters
    ----------
    sizes
        The measured sizes.
    precision
        Confidence and number of resamples.
    limits
        Sizes between which the figures round, such as the limits of a grid.
    """

    sizes: Sizes
    precision: Precision
    limits: Floats = field(default_factory=lambda: np.zeros(0))

    @property
    def unit(self) -> Literal["images", "particles"]:
        """What is resampled."""
        return "images" if self.sizes.image_count >= FEWEST_IMAGES else "particles"

    @property
    def possible(self) -> bool:
        """Whether there are enough particles."""
        return len(self.sizes) >= FEWEST_PARTICLES

    def intervals(self, compute: Callable[[Drawn, Floats], Floats]) -> Floats:
        """(2, k) limits of the (B, k) figures that `compute` returns of B resamples; NaN if a resample has none.

        It is called with some of the resamples at a time, and with how much each of their sizes counts.
        """
        with np.errstate(invalid="ignore"):
            return self.limits_of(np.concatenate([compute(*drawn) for drawn in self.drawn(self.precision.resamples)]))

    def drawn(self, resamples: int) -> Iterator[tuple[Drawn, Floats]]:
        """Resamples, some at a time, with (n,) how much each size or cell counts."""
        return draws(self.sizes.values, self.sizes.weights, self._units, resamples, self.limits)

    def limits_of(self, figures: Floats) -> Floats:
        """(2, k) lower and upper limits of k figures, from those of B resamples as (B, k)."""
        count = self.sizes.image_count if self.unit == "images" else len(self.sizes)
        return limits_of(figures, count, self.precision)

    @property
    def _units(self) -> Ints | None:
        return self.sizes.images if self.unit == "images" else None


def draws(
    values: Floats, weights: Floats, units: Ints | None, resamples: int, limits: Floats = np.zeros(0)
) -> Iterator[tuple[Drawn, Floats]]:
    """Draw whole units with replacement.

    Parameters
    ----------
    values
        (n,) sizes in ascending order.
    weights
        (n,) how much each counts.
    units
        (n,) number of the unit that each belongs to; None: each is one of its own.
    resamples
        Number of resamples.
    limits
        Sizes that no cell may lie across.

    Yields
    ------
    Resamples, some at a time, of the sizes, or of very many sizes as cells; and how much each of these counts.
    """
    if len(values) <= MANY:
        for times in _drawn(np.arange(len(values)) if units is None else units, resamples):
            yield Drawn(values, times), weights
        return
    groups = random_groups(len(values)) if units is None else in_groups(units)
    yield from Cells.of(values, limits).drawn(weights, groups, _drawn(np.unique(groups), resamples))


def resampled_sums(units: Ints, columns: Floats, compute: Callable[[Floats], Floats], precision: Precision) -> Floats:
    """Intervals of figures that follow from sums over particles, when whole units are drawn with replacement.

    Parameters
    ----------
    units
        (n,) number of the unit that each particle belongs to; at least two different ones.
    columns
        (k, n) numbers of the particles.
    compute
        Returns (B, m) figures, given (B, k) sums of the columns in B resamples.
    precision
        Confidence and number of resamples.

    Returns
    -------
    (2, m) float
        Lower and upper limits; NaN if a resample has none.
    """
    ids, groups = np.unique(in_groups(units), return_inverse=True)
    sums = np.stack([np.bincount(groups, column) for column in columns], axis=1)
    return resampled(np.arange(len(ids)), lambda times: compute(times @ sums), precision)


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
    return limits_of(figures, len(np.unique(units)), precision)


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


def limits_of(figures: Floats, count: int, precision: Precision) -> Floats:
    """(2, k) percentiles of (B, k) figures of resamples, at the levels for `count` units; see `Bootstrap`."""
    from scipy.special import ndtr, stdtrit

    tail = (1 - precision.confidence_percent / 100) / 2
    low = float(ndtr(math.sqrt(count / (count - 1)) * stdtrit(count - 1, tail)))
    with np.errstate(invalid="ignore"):
        return np.asarray(np.quantile(figures, (low, 1 - low), axis=0), float)
