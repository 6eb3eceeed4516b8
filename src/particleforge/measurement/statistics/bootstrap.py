"""Confidence intervals by the bootstrap."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import Field

from particleforge.measurement.arrays import Floats, Ints
from particleforge.measurement.statistics.sizes import Sizes
from particleforge.params import Params
from particleforge.seeds import stream

FEWEST_IMAGES = 6
"""From this number of images, whole images are resampled; below, single particles, assumed to be independent."""
FEWEST_PARTICLES = 5
"""With fewer particles there are no intervals."""


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

    def intervals(self, compute: Callable[[Sizes], Floats], resamples: int | None = None) -> Floats:
        """(2, k) lower and upper limits of the k figures that `compute` returns; NaN if a resample has none."""
        rng = stream(0, "bootstrap")
        count = resamples or self.precision.resamples
        with np.errstate(invalid="ignore"):
            drawn = np.stack([compute(self.sizes.taken(self._times(rng))) for _ in range(count)])
            return np.asarray(np.quantile(drawn, self._levels, axis=0), float)

    def _times(self, rng: np.random.Generator) -> Ints:
        """(n,) how often each particle is drawn."""
        if self.unit == "particles":
            n = len(self.sizes)
            return np.bincount(rng.integers(n, size=n), minlength=n)
        ids, which = np.unique(self.sizes.images, return_inverse=True)
        return np.bincount(rng.integers(len(ids), size=len(ids)), minlength=len(ids))[which]

    @property
    def _levels(self) -> tuple[float, float]:
        from scipy.special import ndtr, stdtrit

        count = self.sizes.image_count if self.unit == "images" else len(self.sizes)
        tail = (1 - self.precision.confidence_percent / 100) / 2
        low = float(ndtr(math.sqrt(count / (count - 1)) * stdtrit(count - 1, tail)))
        return low, 1 - low
