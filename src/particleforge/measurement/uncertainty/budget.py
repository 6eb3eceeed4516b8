"""The uncertainty budget of one figure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from particleforge.measurement.statistics.describe import Estimate


@dataclass(frozen=True)
class Budget:
    """Components of the uncertainty of a figure, and the interval that follows from all of them.

    Parameters
    ----------
    sampled
        The figure with the interval that sampling alone explains.
    standards
        Standard uncertainty of ln(figure) by component, ``sampling`` first; only those that are known.
    factor
        Coverage factor k.
    least
        Lower bound of the figure.
    """

    sampled: Estimate
    standards: Mapping[str, float]
    factor: float
    least: float = 0.0

    @cached_property
    def combined(self) -> float | None:
        """Combined standard uncertainty of ln(figure); None if there is no interval."""
        return None if self.estimate.low is None else math.hypot(*self.standards.values())

    @cached_property
    def other(self) -> float:
        """Combined standard uncertainty of ln(figure) without sampling."""
        return math.hypot(*(value for name, value in self.standards.items() if name != "sampling"))

    @cached_property
    def estimate(self) -> Estimate:
        """The figure with the interval of all known components; see `widened`."""
        return widened(self.sampled, self.factor * self.other, self.least)

    def plain(self, unit: str) -> dict[str, Any]:
        """Plain data for JSON; uncertainties in percent and in the unit of the figure, and shares of the variance."""
        value, combined, one = self.sampled.value, self.combined, self.estimate
        components = {name: {"standard_percent": 100 * standard} for name, standard in self.standards.items()}
        if value is None or combined is None:
            return {"value": value, "unit": unit, "components": components}
        for name, standard in self.standards.items():
            share = standard**2 / combined**2 if combined else 0.0
            components[name] |= {"standard": value * standard, "share": share}
        return {
            "value": value,
            "unit": unit,
            "components": components,
            "combined_percent": 100 * combined,
            "expanded_percent": 100 * self.factor * combined,
            "interval": [one.low, one.high],
            "sampling_interval": [self.sampled.low, self.sampled.high],
        }


def widened(one: Estimate, further: float, least: float = 0.0) -> Estimate:
    r"""Widen an interval by a further expanded uncertainty of the logarithm, without narrowing either side.

    On each side, half-widths of :math:`\ln x` add in quadrature, so the interval stays as asymmetric as sampling
    makes it.

    Parameters
    ----------
    one
        A figure above 0 with its interval.
    further
        Expanded uncertainty of :math:`\ln x`, at the confidence of the interval.
    least
        Lower bound of the figure.
    """
    if not further or not one.value or one.low is None or one.high is None:
        return one
    down, up = (math.hypot(math.log(limit / one.value), further) for limit in (one.low, one.high))
    low, high = one.value * math.exp(-down), one.value * math.exp(up)
    return Estimate(one.value, max(least, low), high, one.supported)
