"""Intervals by drawing the sample anew from itself."""

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
"""From so many images on whole images are drawn; below, single particles, taken as independent of each other."""
FEWEST_PARTICLES = 5
"""Below, there are no intervals."""


class Precision(Params):
    """How sure figures are to be."""

    confidence_percent: float = Field(95.0, gt=50, lt=100, description="Share of intervals that hold the true value.")
    resamples: int = Field(1000, ge=100, description="How often the sample is drawn anew from itself.")
    wanted_percent: float = Field(
        5.0, gt=0, description="Half-width of an interval for which the particles needed are counted."
    )


@dataclass(frozen=True, eq=False)
class Bootstrap:
    """Intervals of whatever is computed of some sizes.

    Sizes are drawn with replacement, each with its weight: single particles, or whole images where there are six at
    least, so that differences between images count. Intervals are percentiles of what is computed of these draws,
    taken so far out that intervals of the mean of a normal sample would be those of Student's t
    (Hesterberg, Am. Stat. 69, 371, 2015).

    Parameters
    ----------
    sizes
        What was measured.
    precision
        Confidence and number of draws.
    """

    sizes: Sizes
    precision: Precision

    @property
    def unit(self) -> Literal["images", "particles"]:
        """What is drawn."""
        return "images" if self.sizes.image_count >= FEWEST_IMAGES else "particles"

    @property
    def possible(self) -> bool:
        """Whether there is enough to draw from."""
        return len(self.sizes) >= FEWEST_PARTICLES

    def intervals(self, compute: Callable[[Sizes], Floats], resamples: int | None = None) -> Floats:
        """(2, k) lower and upper limits of the k figures that `compute` gives; NaN where one of the draws has none."""
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
