"""Two modes."""

import math
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field, PositiveFloat

from particleforge.measurement.arrays import Floats
from particleforge.measurement.statistics.fits.fit import Fit
from particleforge.measurement.statistics.fits.log_normal import LogNormalFit
from particleforge.measurement.statistics.fits.mixture import fit_mixtures


class BimodalFit(Fit):
    """Two log-normal distributions, each with its own share by number.

    Each has a share of at least 2 % and a GSD of at least 1.02, and the logarithm of one GSD is at least 20 % of that
    of the other: without limits, a narrow spike on a few almost equal sizes would have the largest likelihood.
    """

    name: ClassVar[str] = "bimodal log-normal"
    lengths: ClassVar[tuple[str, ...]] = ("median_1", "median_2")
    kind: Literal["bimodal"] = "bimodal"
    share: float = Field(0.5, ge=0, le=1, description="Share of the finer mode.")
    median_1: PositiveFloat = Field(0.5, description="Median of the finer mode.")
    gsd_1: float = Field(1.3, ge=1, description="Geometric standard deviation of the finer mode.")
    median_2: PositiveFloat = Field(2.0, description="Median of the coarser mode.")
    gsd_2: float = Field(1.3, ge=1, description="Geometric standard deviation of the coarser mode.")

    @classmethod
    def solve(cls, values: Floats, weights: Floats) -> Floats:
        """Fit by expectation maximisation."""
        log = np.log(values)
        middle = float(log.mean())
        found = fit_mixtures(log - middle, weights)
        median, gsd = np.exp(found.mean + middle), np.exp(found.sd)
        return np.stack([found.share, median[0], gsd[0], median[1], gsd[1]], axis=1)

    @classmethod
    def log_density(cls, d: Floats, parameters: Floats) -> Floats:
        """Logarithm of the density of d."""
        share = parameters[:, :1]
        one, other = (LogNormalFit.log_density(d, parameters[:, part]) for part in (slice(1, 3), slice(3, 5)))
        with np.errstate(divide="ignore"):
            return np.asarray(np.logaddexp(np.log(share) + one, np.log(1 - share) + other), float)

    def cumulative(self, d: Floats) -> Floats:
        """Share below d."""
        fine = LogNormalFit(median=self.median_1, gsd=self.gsd_1)
        coarse = LogNormalFit(median=self.median_2, gsd=self.gsd_2)
        return self.share * fine.cumulative(d) + (1 - self.share) * coarse.cumulative(d)

    @property
    def peaks(self) -> int:
        r"""Number of maxima of the density of :math:`\ln d`: 1 if both distributions are too close to be told apart."""
        spread = max(math.log(self.gsd_1), math.log(self.gsd_2))
        x = np.linspace(math.log(self.median_1) - spread, math.log(self.median_2) + spread, 2000)
        density = self.density(np.exp(x)) * np.exp(x)
        rising = np.diff(density) > 0
        return int((rising[:-1] & ~rising[1:]).sum())
