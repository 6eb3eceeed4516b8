"""That only some of the particles were seen."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from particleforge.measurement.statistics.bootstrap import FEWEST_PARTICLES
from particleforge.measurement.statistics.describe import Estimate
from particleforge.measurement.uncertainty.component import Component

DRAWN = {"images": "whole images", "particles": "single particles"}
"""What is resampled, in words."""


@dataclass(frozen=True)
class Sampling(Component):
    """The bootstrap interval of each figure, divided by twice the coverage factor.

    Parameters
    ----------
    estimates
        Figures by number with their bootstrap intervals.
    resampled
        What was resampled: ``particles`` or ``images``.
    factor
        Coverage factor.
    """

    name: ClassVar[str] = "sampling"
    title: ClassVar[str] = "Sampling"
    evaluation: ClassVar[Literal["A", "B"]] = "A"

    estimates: Mapping[str, Estimate]
    resampled: str
    factor: float

    @property
    def method(self) -> str:
        """How it was evaluated."""
        if self.standard("geometric_mean") is None:
            return f"fewer than {FEWEST_PARTICLES} particles"
        return f"bootstrap of {DRAWN[self.resampled]}"

    def standard(self, figure: str) -> float | None:
        """Return the standard uncertainty of ln(figure); 0 for the count: the particles of these images."""
        if figure == "count":
            return 0.0
        one = self.estimates[figure]
        if one.low is None or one.high is None:
            return None
        return math.log(one.high / one.low) / (2 * self.factor)
