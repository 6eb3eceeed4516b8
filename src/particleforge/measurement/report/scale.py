"""The unit of the lengths in a report."""

from dataclasses import dataclass

from particleforge.measurement.distribution import size_unit
from particleforge.measurement.numbers import digits
from particleforge.measurement.picture import UNIT_SIGNS
from particleforge.measurement.statistics.describe import Description, Estimate


@dataclass(frozen=True)
class Scale:
    """A suitable unit for lengths."""

    sign: str
    factor: float

    @classmethod
    def of(cls, description: Description) -> "Scale":
        """Choose the unit for the sizes described."""
        return cls.fitting(description.unit, description.figures["number"]["d50"].value)

    @classmethod
    def fitting(cls, unit: str, median: float | None) -> "Scale":
        """Choose the unit for lengths given in ``px`` or ``nm``, of this median; None if there are none."""
        if unit == "px":
            return cls("px", 1.0)
        unit, factor = size_unit(median or 1.0)
        return cls(UNIT_SIGNS[unit], factor)

    def estimate(self, one: Estimate) -> Estimate:
        """Convert an estimate of a length into this unit."""
        value, low, high = (None if one is None else one * self.factor for one in (one.value, one.low, one.high))
        return Estimate(value, low, high, one.supported)

    def format(self, value: float) -> str:
        """Format a length with its unit."""
        return f"{digits(value * self.factor)} {self.sign}"


def percent(share: Estimate) -> str:
    """Format a share with its interval in percent."""
    value, limits = Scale("%", 100.0).estimate(share).text
    return f"{value} % {limits}".strip()
