"""The Weibull distribution, by number or by volume."""

import math
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field, PositiveFloat

from particleforge.measurement.arrays import Floats
from particleforge.measurement.statistics.fits.fit import Unimodal

_GOLDEN = (math.sqrt(5) - 1) / 2
_ROUNDS = 45
_LEAST, _MOST = math.log(1e-3), math.log(200)


class Weibull(Unimodal):
    """Weibull distribution of the particles weighted by a power of their size."""

    power: ClassVar[int]
    lengths: ClassVar[tuple[str, ...]] = ("scale",)
    scale: PositiveFloat = Field(1.0, description="Size below which 63.2 % lie, by number or by volume.")
    shape: PositiveFloat = Field(4.0, description="Exponent k; a larger one gives a narrower distribution.")

    @classmethod
    def solve(cls, values: Floats, weights: Floats) -> Floats:
        """Fit: the scale in closed form for each exponent, the exponent by a golden-section search."""
        share = weights / weights.sum(axis=1, keepdims=True)
        log = np.log(values)
        middle = (share * log).sum(axis=1, keepdims=True)
        log = log - middle
        low, high = np.full(len(share), _LEAST), np.full(len(share), _MOST)
        left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        at_left, at_right = cls._likelihood(log, share, left), cls._likelihood(log, share, right)
        for _ in range(_ROUNDS):
            leftwards = at_left > at_right
            low, high = np.where(leftwards, low, left), np.where(leftwards, right, high)
            new = np.where(leftwards, high - _GOLDEN * (high - low), low + _GOLDEN * (high - low))
            found = cls._likelihood(log, share, new)
            left, right = np.where(leftwards, new, right), np.where(leftwards, left, new)
            at_left, at_right = np.where(leftwards, found, at_right), np.where(leftwards, at_left, found)
        shape = cls._shape((low + high) / 2)
        return np.stack([np.exp(middle[:, 0] + cls._log_scale(log, share, shape)), shape], axis=1)

    @classmethod
    def _shape(cls, log_excess: Floats) -> Floats:
        """(B,) exponents, which exceed the power."""
        return cls.power + 1e-3 + np.exp(log_excess)

    @classmethod
    def _log_scale(cls, log: Floats, share: Floats, shape: Floats) -> Floats:
        """(B,) logarithm of the most likely scale for an exponent: the mean of (d/d')^k is 1 - power / k."""
        raised = shape[:, None] * log
        top = raised.max(axis=1, keepdims=True)
        mean = top[:, 0] + np.log((share * np.exp(raised - top)).sum(axis=1))
        return np.asarray((mean - np.log(1 - cls.power / shape)) / shape, float)

    @classmethod
    def _likelihood(cls, log: Floats, share: Floats, log_excess: Floats) -> Floats:
        """(B,) mean log-likelihood for exponents, each with its most likely scale; the mean of `log` is 0."""
        from scipy.special import gammaln

        shape = cls._shape(log_excess)
        first = 1 - cls.power / shape
        away = (shape - cls.power) * cls._log_scale(log, share, shape)
        return np.asarray(np.log(shape) - gammaln(first) - away - first, float)

    @classmethod
    def log_density(cls, d: Floats, parameters: Floats) -> Floats:
        """Logarithm of the density of d by number."""
        from scipy.special import gammaln

        scale, shape = parameters[:, :1], parameters[:, 1:]
        log = np.log(d / scale)
        norm = np.log(shape / scale) - gammaln(1 - cls.power / shape)
        return np.asarray(norm + (shape - 1 - cls.power) * log - np.exp(np.minimum(shape * log, 690)), float)

    def cumulative(self, d: Floats) -> Floats:
        """Share below d by number."""
        from scipy.special import gammainc

        return np.asarray(gammainc(1 - self.power / self.shape, (d / self.scale) ** self.shape), float)

    def draw(self, rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
        """Draw sizes by number."""
        gamma = np.maximum(rng.standard_gamma(1 - self.power / self.shape, shape), 1e-12)
        return np.asarray(self.scale * gamma ** (1 / self.shape), float)


class WeibullFit(Weibull):
    r"""Weibull distribution by number, :math:`1 - \exp(-(d/d')^k)`."""

    name: ClassVar[str] = "Weibull"
    power: ClassVar[int] = 0
    kind: Literal["weibull"] = "weibull"
