"""The log-normal distribution."""

import math
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field, PositiveFloat

from particleforge.measurement.arrays import Floats
from particleforge.measurement.statistics.fits.fit import Unimodal, mean_and_sd

_ROOT = math.log(2 * math.pi) / 2


class LogNormalFit(Unimodal):
    r"""Normal distribution of :math:`\ln d`."""

    name: ClassVar[str] = "log-normal"
    lengths: ClassVar[tuple[str, ...]] = ("median",)
    kind: Literal["lognormal"] = "lognormal"
    median: PositiveFloat = Field(1.0, description="Median, which is also the geometric mean.")
    gsd: float = Field(1.3, ge=1, description="Geometric standard deviation.")

    @classmethod
    def solve(cls, values: Floats, weights: Floats) -> Floats:
        """Fit in closed form."""
        return np.exp(np.stack(mean_and_sd(np.log(values), weights), axis=1))

    @classmethod
    def log_density(cls, d: Floats, parameters: Floats) -> Floats:
        """Logarithm of the density of d."""
        median, spread = parameters[:, :1], np.log(parameters[:, 1:])
        log = np.log(d)
        return np.asarray(-0.5 * ((log - np.log(median)) / spread) ** 2 - np.log(spread) - log - _ROOT, float)

    def cumulative(self, d: Floats) -> Floats:
        """Share below d."""
        from scipy.special import ndtr

        return np.asarray(ndtr(np.log(d / self.median) / math.log(self.gsd)), float)

    def draw(self, rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
        """Draw sizes."""
        return self.median * np.exp(math.log(self.gsd) * rng.standard_normal(shape))
