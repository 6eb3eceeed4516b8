"""All fits to a sample, the one to use first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from particleforge.measurement.arrays import Floats, Ints
from particleforge.measurement.statistics.fits.bimodal import BimodalFit
from particleforge.measurement.statistics.fits.fit import Fit, Unimodal, mean_log
from particleforge.measurement.statistics.fits.log_normal import LogNormalFit
from particleforge.measurement.statistics.fits.normal import NormalFit
from particleforge.measurement.statistics.fits.rosin_rammler import RosinRammlerFit
from particleforge.measurement.statistics.fits.second_mode import FEWEST, SecondMode, second_mode, too_few
from particleforge.measurement.statistics.fits.weibull import WeibullFit
from particleforge.measurement.statistics.sizes import Sizes

ONE_MODE: tuple[type[Unimodal], ...] = (LogNormalFit, NormalFit, WeibullFit, RosinRammlerFit)
FEWEST_SIZES = 5
"""Number of sizes needed for a fit with one mode."""
_MOST_CELLS = 400
F = TypeVar("F", bound=Fit, covariant=True)


@dataclass(frozen=True)
class Fitted(Generic[F]):
    r"""A fit and its quality.

    Parameters
    ----------
    fit
        The distribution.
    aic
        Akaike's information criterion, :math:`2k - 2 \ln L`; lower is better.
    """

    fit: F
    aic: float


@dataclass(frozen=True)
class Fits:
    """The fits to a sample.

    Parameters
    ----------
    ranked
        All of them. First the one to use: the fit with one mode of the lowest AIC, or that with two modes if the sample
        supports a second one. The others follow by AIC. Empty if there are too few sizes, or all are equal.
    second_mode
        Whether a second mode is supported; None if nothing was fitted.
    """

    ranked: Sequence[Fitted[Fit]] = ()
    second_mode: SecondMode | None = None

    @property
    def best(self) -> Fit | None:
        """The fit to use."""
        return self.ranked[0].fit if self.ranked else None


def fits(sizes: Sizes) -> Fits:
    """Fit all distributions that the count allows. This is the only place that decides which one is drawn and named."""
    if len(sizes) < FEWEST_SIZES or sizes.values[-1] <= sizes.values[0] * (1 + 1e-9):
        return Fits()
    values, cell = cells(sizes.values, sizes.weights)
    weights = in_cells(cell, sizes.weights)
    ranked = sorted((_fitted(kind, values, weights, len(sizes)) for kind in ONE_MODE), key=_aic)
    if len(sizes) < FEWEST:
        return Fits(ranked, too_few(len(sizes)))
    one, two = ranked[0], _fitted(BimodalFit, values, weights, len(sizes))
    decision = second_mode(sizes.values, sizes.weights, len(sizes), one.fit, two.fit, one.aic - two.aic)
    every: list[Fitted[Fit]] = sorted([*ranked, two], key=_aic)
    first = two if decision.supported else one
    return Fits([first, *(fitted for fitted in every if fitted is not first)], decision)


def cells(values: Floats, weights: Floats) -> tuple[Floats, Ints]:
    """(C,) sizes in ascending order and (n,) which of them stands for each size; large samples have 400 cells."""
    if len(values) <= _MOST_CELLS:
        return values, np.arange(len(values))
    log = np.log(values)
    edges = np.linspace(log[0], log[-1], _MOST_CELLS + 1)
    cell = np.clip(np.searchsorted(edges, log, "right") - 1, 0, _MOST_CELLS - 1)
    cell = np.unique(cell, return_inverse=True)[1].astype(np.int64)
    return np.exp(in_cells(cell, weights * log) / in_cells(cell, weights)), cell


def in_cells(cell: Ints, values: Floats) -> Floats:
    """(..., C) sums of (..., n) values over the particles of each cell; cells ascend."""
    return np.asarray(np.add.reduceat(values, np.flatnonzero(np.diff(cell, prepend=-1)), axis=-1), float)


def _fitted(kind: type[F], values: Floats, weights: Floats, count: int) -> Fitted[F]:
    fit = kind.of(values, weights)
    likely = count * float(mean_log(fit.log_density(values[None], fit.row[None]), weights[None])[0])
    return Fitted(fit, 2 * len(fit.parameters()) - 2 * likely)


def _aic(fitted: Fitted[Fit]) -> float:
    return fitted.aic
