"""The normal distribution."""

import math
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field, PositiveFloat

from particleforge.measurement.arrays import Floats
from particleforge.measurement.statistics.fits.fit import Unimodal, mean_and_sd

_ROOT = math.log(2 * math.pi) / 2


class NormalFit(Unimodal):
    """Normal distribution of d."""

    name: ClassVar[str] = "normal"
    lengths: ClassVar[tuple[str, ...]] = ("mean", "sd")
    kind: Literal["normal"] = "normal"
    mean: float = Field(1.0, description="Mean.")
    sd: PositiveFloat = Field(0.3, description="Standard deviation.")

    @classmethod
    def solve(cls, values: Floats, weights: Floats) -> Floats:
        """Fit in closed form."""
        return np.stack(mean_and_sd(values, weights), axis=1)

    @classmethod
    def log_density(cls, d: Floats, parameters: Floats) -> Floats:
        """Logarithm of the density of d."""
        mean, sd = parameters[:, :1], parameters[:, 1:]
        return np.asarray(-0.5 * ((d - mean) / sd) ** 2 - np.log(sd) - _ROOT, float)

    def cumulative(self, d: Floats) -> Floats:
        """Share below d."""
        from scipy.special import ndtr

        return np.asarray(ndtr((d - self.mean) / self.sd), float)

    def draw(self, rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
        """Draw sizes; the share of the distribution below zero is left out."""
        from scipy.special import ndtr, ndtri

        least = float(ndtr(-self.mean / self.sd))
        drawn = self.mean + self.sd * ndtri(least + (1 - least) * rng.random(shape))
        return np.maximum(drawn, 1e-3 * self.mean)
