"""The uncertainty budgets of all figures of a measurement."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from particleforge.measurement.statistics.describe import Description, Estimate
from particleforge.measurement.statistics.figures import MOMENTS
from particleforge.measurement.uncertainty.budget import Budget, widened
from particleforge.measurement.uncertainty.component import FIGURES, LENGTHS, SIZE_FIGURES, Component
from particleforge.measurement.uncertainty.factor import coverage_factor
from particleforge.measurement.uncertainty.pixel_size import PixelSize
from particleforge.measurement.uncertainty.sampling import Sampling

_SCALED = {*LENGTHS, "mean", "mode", *MOMENTS}
"""Names of all figures that are lengths, in any weighting."""
LEAST = {"gsd": 1.0}
"""Lower bounds of figures; others are above 0."""


@dataclass(frozen=True)
class Uncertainty:
    """What is known about the uncertainty of the figures of an image, or of several images together.

    Parameters
    ----------
    sampling
        Its estimates are each of `FIGURES` with the interval of sampling alone.
    further
        Further components.
    unit
        Unit of lengths, ``nm`` or ``px``.
    confidence_percent
        Confidence of the intervals.
    """

    sampling: Sampling
    further: tuple[Component, ...]
    unit: str
    confidence_percent: float

    @classmethod
    def of(cls, description: Description, count: int, further: Sequence[Component]) -> "Uncertainty":
        """Add further components to those of sampling.

        Parameters
        ----------
        description
            Sizes with the intervals of sampling alone.
        count
            Number of particles found.
        further
            Further components.
        """
        number, factor = description.figures["number"], coverage_factor(description.confidence_percent)
        sampled = {name: number[name] for name in SIZE_FIGURES}
        known = count > 0 and any(one.standard("count") for one in further)
        sampled["count"] = Estimate(count, *((count, count) if known else (None, None)))
        sampling = Sampling(sampled, description.resampled, factor)
        return cls(sampling, tuple(further), description.unit, description.confidence_percent)

    @property
    def components(self) -> tuple[Component, ...]:
        """All components, that of sampling first."""
        return (self.sampling, *self.further)

    @property
    def factor(self) -> float:
        """Coverage factor k."""
        return coverage_factor(self.confidence_percent)

    @cached_property
    def budgets(self) -> dict[str, Budget]:
        """Budget of each figure."""
        return {
            name: Budget(
                self.sampling.estimates[name],
                {one.name: u for one in self.components if (u := one.standard(name)) is not None},
                self.factor,
                LEAST.get(name, 0.0),
            )
            for name in FIGURES
        }

    @property
    def intervals(self) -> dict[str, list[float | None]]:
        """Lower and upper limit of each figure, from all known components."""
        return {name: [one.estimate.low, one.estimate.high] for name, one in self.budgets.items()}

    @property
    def others(self) -> dict[str, float]:
        """Standard uncertainty of ln(figure) without sampling, by figure."""
        return {name: one.other for name, one in self.budgets.items()}

    @property
    def size_error(self) -> float:
        """Half the width of the interval of ln(D50), without sampling."""
        return self.factor * self.others["d50"]

    @property
    def included(self) -> list[Component]:
        """Components that contribute to the geometric mean."""
        return [one for one in self.components if one.standard("geometric_mean")]

    @property
    def missing(self) -> list[Component]:
        """Components whose effect on the geometric mean is not known."""
        return [one for one in self.components if one.standard("geometric_mean") is None]

    def widened(self, description: Description) -> Description:
        """Replace intervals of sampling by those of all known components.

        Figures by number that have a budget get its interval; all other lengths only the uncertainty of the pixel size
        in addition, as the errors of detection are not known for them.
        """
        scale = next((one.standard("d50") or 0.0 for one in self.further if isinstance(one, PixelSize)), 0.0)
        figures = {
            group: {name: widened(one, self.factor * scale) if name in _SCALED else one for name, one in inner.items()}
            for group, inner in description.figures.items()
        }
        figures["number"] |= {name: self.budgets[name].estimate for name in SIZE_FIGURES}
        return replace(description, figures=figures)

    def plain(self) -> dict[str, Any]:
        """Plain data for JSON: components, then the budget of each figure."""
        units = dict.fromkeys(LENGTHS, self.unit)
        return {
            "confidence_percent": self.confidence_percent,
            "coverage_factor": self.factor,
            "components": {
                one.name: {
                    "evaluation": one.evaluation,
                    "method": one.method,
                    "not_included": [name for name in FIGURES if one.standard(name) is None],
                }
                for one in self.components
            },
            "figures": {name: one.plain(units.get(name, "")) for name, one in self.budgets.items()},
        }
