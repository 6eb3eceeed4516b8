"""Distributions fitted to sizes by number, ranked by AIC."""

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal, Self

import numpy as np
from pydantic import Field, PositiveFloat

from particleforge.measurement.arrays import Floats
from particleforge.measurement.statistics.sizes import Sizes
from particleforge.params import Params

_MOST_CELLS = 400
_ROUNDS = 500
_NARROWEST = 0.02


class Fit(Params):
    r"""A distribution of sizes by number, fitted by maximum likelihood.

    Weights enter the log-likelihood as :math:`n \sum w \ln f(d) / \sum w`.
    """

    name: ClassVar[str]

    @classmethod
    @abstractmethod
    def of(cls, values: Floats, weights: Floats) -> Self:
        """Fit to at least two different sizes."""

    @abstractmethod
    def density(self, d: Floats) -> Floats:
        """Density of d by number."""

    @abstractmethod
    def cumulative(self, d: Floats) -> Floats:
        """Share of particles below d."""

    def parameters(self) -> dict[str, float]:
        """Fitted parameters by name."""
        return {name: float(value) for name, value in self.model_dump(exclude={"kind"}).items()}


class LogNormalFit(Fit):
    r"""Normal distribution of :math:`\ln d`."""

    name: ClassVar[str] = "log-normal"
    kind: Literal["lognormal"] = "lognormal"
    median: PositiveFloat = Field(1.0, description="Median, which is also the geometric mean.")
    gsd: float = Field(1.3, ge=1, description="Geometric standard deviation.")

    @classmethod
    def of(cls, values: Floats, weights: Floats) -> Self:
        """Fit in closed form."""
        middle, spread = _mean_and_sd(np.log(values), weights)
        return cls(median=math.exp(middle), gsd=math.exp(spread))

    def density(self, d: Floats) -> Floats:
        """Density of d."""
        from scipy.stats import lognorm

        return np.asarray(lognorm.pdf(d, math.log(self.gsd), scale=self.median), float)

    def cumulative(self, d: Floats) -> Floats:
        """Share below d."""
        from scipy.stats import lognorm

        return np.asarray(lognorm.cdf(d, math.log(self.gsd), scale=self.median), float)


class NormalFit(Fit):
    """Normal distribution of d."""

    name: ClassVar[str] = "normal"
    kind: Literal["normal"] = "normal"
    mean: float = Field(1.0, description="Mean.")
    sd: PositiveFloat = Field(0.3, description="Standard deviation.")

    @classmethod
    def of(cls, values: Floats, weights: Floats) -> Self:
        """Fit in closed form."""
        mean, sd = _mean_and_sd(values, weights)
        return cls(mean=mean, sd=sd)

    def density(self, d: Floats) -> Floats:
        """Density of d."""
        from scipy.stats import norm

        return np.asarray(norm.pdf(d, self.mean, self.sd), float)

    def cumulative(self, d: Floats) -> Floats:
        """Share below d."""
        from scipy.stats import norm

        return np.asarray(norm.cdf(d, self.mean, self.sd), float)


class _Weibull(Fit):
    """Weibull distribution of the particles weighted by a power of their size."""

    power: ClassVar[int]
    scale: PositiveFloat = Field(1.0, description="Size below which 63.2 % lie, by number or by volume.")
    shape: PositiveFloat = Field(4.0, description="Exponent k; a larger one gives a narrower distribution.")

    @classmethod
    def of(cls, values: Floats, weights: Floats) -> Self:
        """Fit: the scale in closed form for each exponent, the exponent by a search."""
        from scipy.optimize import minimize_scalar

        middle = math.exp(_mean_and_sd(np.log(values), weights)[0])
        d, share = values / middle, weights / weights.sum()
        low = cls.power + 1e-3

        def loss(log_shape: float) -> float:
            fit = cls._scaled(d, share, low + math.exp(log_shape))
            return -float(share @ np.log(np.maximum(fit.density(d), 1e-300)))

        best = minimize_scalar(loss, bounds=(math.log(1e-3), math.log(200)), method="bounded")
        fit = cls._scaled(d, share, low + math.exp(best.x))
        return fit.replace(scale=fit.scale * middle)

    @classmethod
    def _scaled(cls, d: Floats, share: Floats, shape: float) -> Self:
        """Most likely scale for an exponent: the mean of (d/d')^k is 1 - power / k."""
        log = shape * np.log(d)
        top = float(log.max())
        mean = top + math.log(float(share @ np.exp(log - top)))
        return cls(scale=math.exp((mean - math.log(1 - cls.power / shape)) / shape), shape=shape)

    def density(self, d: Floats) -> Floats:
        """Density of d by number."""
        from scipy.stats import gengamma

        return np.asarray(gengamma.pdf(d, 1 - self.power / self.shape, self.shape, scale=self.scale), float)

    def cumulative(self, d: Floats) -> Floats:
        """Share below d."""
        from scipy.stats import gengamma

        return np.asarray(gengamma.cdf(d, 1 - self.power / self.shape, self.shape, scale=self.scale), float)


class WeibullFit(_Weibull):
    r"""Weibull distribution by number, :math:`1 - \exp(-(d/d')^k)`."""

    name: ClassVar[str] = "Weibull"
    power: ClassVar[int] = 0
    kind: Literal["weibull"] = "weibull"


class RosinRammlerFit(_Weibull):
    r"""Weibull distribution by volume, :math:`1 - \exp(-(d/d')^k)` (Rosin, Rammler, Sperling, Bennett).

    Its density by number is proportional to :math:`d^{-3}` times that by volume. It is a generalised gamma distribution
    and exists only for k above 3.
    """

    name: ClassVar[str] = "Rosin-Rammler"
    power: ClassVar[int] = 3
    kind: Literal["rosin_rammler"] = "rosin_rammler"


class BimodalFit(Fit):
    """Two log-normal distributions, each with its own share by number."""

    name: ClassVar[str] = "bimodal log-normal"
    kind: Literal["bimodal"] = "bimodal"
    share: float = Field(0.5, ge=0, le=1, description="Share of the finer mode.")
    median_1: PositiveFloat = Field(0.5, description="Median of the finer mode.")
    gsd_1: float = Field(1.3, ge=1, description="Geometric standard deviation of the finer mode.")
    median_2: PositiveFloat = Field(2.0, description="Median of the coarser mode.")
    gsd_2: float = Field(1.3, ge=1, description="Geometric standard deviation of the coarser mode.")

    @classmethod
    def of(cls, values: Floats, weights: Floats) -> Self:
        """Fit by expectation maximisation, from three starting points."""
        log, share = np.log(values), weights / weights.sum()
        splits = np.interp((0.25, 0.5, 0.75), np.cumsum(share) - share / 2, log)
        found = [_two_normals(log, share, float(split)) for split in splits]
        (one, other), _ = max(found, key=lambda result: result[1])
        return cls(
            share=min(max(one[0], 0.0), 1.0),
            median_1=math.exp(one[1]),
            gsd_1=math.exp(one[2]),
            median_2=math.exp(other[1]),
            gsd_2=math.exp(other[2]),
        )

    def _parts(self) -> tuple[tuple[float, LogNormalFit], tuple[float, LogNormalFit]]:
        fine = LogNormalFit(median=self.median_1, gsd=self.gsd_1)
        return (self.share, fine), (1 - self.share, LogNormalFit(median=self.median_2, gsd=self.gsd_2))

    def density(self, d: Floats) -> Floats:
        """Density of d."""
        return np.asarray(sum(share * part.density(d) for share, part in self._parts()), float)

    def cumulative(self, d: Floats) -> Floats:
        """Share below d."""
        return np.asarray(sum(share * part.cumulative(d) for share, part in self._parts()), float)


KINDS: tuple[type[Fit], ...] = (LogNormalFit, NormalFit, WeibullFit, RosinRammlerFit, BimodalFit)
FEWEST: dict[type[Fit], int] = {BimodalFit: 20}
"""Number of sizes needed for a fit; 5 for all others."""


@dataclass(frozen=True)
class Fitted:
    r"""A fit and its quality.

    Parameters
    ----------
    fit
        The distribution.
    aic
        Akaike's information criterion, :math:`2k - 2 \ln L`; lower is better.
    """

    fit: Fit
    aic: float


def fits(sizes: Sizes) -> list[Fitted]:
    """All fits that the count allows, the one with the lowest AIC first; none if all sizes are equal."""
    values, weights = compact(sizes)
    if len(sizes) < 5 or values[-1] <= values[0] * (1 + 1e-9):
        return []
    found = []
    for kind in KINDS:
        if len(sizes) >= FEWEST.get(kind, 5):
            fit = kind.of(values, weights)
            likely = len(sizes) * float(weights @ np.log(np.maximum(fit.density(values), 1e-300))) / weights.sum()
            found.append(Fitted(fit, float(2 * len(fit.parameters()) - 2 * likely)))
    return sorted(found, key=lambda fitted: fitted.aic)


def compact(sizes: Sizes) -> tuple[Floats, Floats]:
    """Sizes and weights; large samples are binned in 400 steps of ln d."""
    if len(sizes) <= _MOST_CELLS:
        return sizes.values, sizes.weights
    log = np.log(sizes.values)
    edges = np.linspace(log[0], log[-1], _MOST_CELLS + 1)
    cell = np.clip(np.searchsorted(edges, log, "right") - 1, 0, _MOST_CELLS - 1)
    weights = np.bincount(cell, sizes.weights, _MOST_CELLS)
    held = weights > 0
    middle = np.bincount(cell, sizes.weights * log, _MOST_CELLS)[held] / weights[held]
    return np.exp(middle), np.asarray(weights[held], float)


def _mean_and_sd(values: Floats, weights: Floats) -> tuple[float, float]:
    mean = float(weights @ values / weights.sum())
    return mean, math.sqrt(float(weights @ (values - mean) ** 2 / weights.sum()))


def _two_normals(x: Floats, share: Floats, split: float) -> tuple[list[list[float]], float]:
    """Share, mean and standard deviation of two normals, the lower first, and the mean log-likelihood."""
    member = np.stack([x <= split, x > split]).astype(float)
    likely = -math.inf
    parts: list[list[float]] = []
    for _ in range(_ROUNDS):
        parts = []
        for part in member * share:
            weight = max(float(part.sum()), 1e-12)
            mean = float(part @ x) / weight
            parts.append([weight, mean, max(math.sqrt(float(part @ (x - mean) ** 2) / weight), _NARROWEST)])
        rows = [w / s * np.exp(-0.5 * ((x - m) / s) ** 2) for w, m, s in parts]
        total = np.maximum(rows[0] + rows[1], 1e-300)
        member = np.stack(rows) / total
        before, likely = likely, float(share @ np.log(total))
        if likely - before < 1e-7:
            break
    return sorted(parts, key=lambda part: part[1]), likely
