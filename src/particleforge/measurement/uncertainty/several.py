"""Uncertainties of several samples that are compared."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from particleforge.measurement.statistics.compare import Comparison
from particleforge.measurement.statistics.describe import Description, Estimate
from particleforge.measurement.uncertainty.component import SIZE_FIGURES
from particleforge.measurement.uncertainty.factor import coverage_factor
from particleforge.measurement.uncertainty.stored import StoredUncertainty
from particleforge.wording import joined


@dataclass(frozen=True)
class Uncertainties:
    """What is known of the uncertainty of samples apart from sampling.

    Parameters
    ----------
    known
        By name of the sample; others are known by sampling alone.
    calibrations
        By name, pixel sizes in nm and the uncertainty given for them. Where two samples agree in these, the uncertainty
        of the pixel size cancels.
    """

    known: Mapping[str, StoredUncertainty] = field(default_factory=dict)
    calibrations: Mapping[str, tuple[frozenset[float], str]] = field(default_factory=dict)

    def widened(self, name: str, description: Description) -> dict[str, Estimate]:
        """Return the figures of a sample by number, with the intervals of all that is known."""
        about, factor = self.known.get(name, StoredUncertainty()), coverage_factor(description.confidence_percent)
        number = description.figures["number"]
        return number | {figure: about.widen(figure, number[figure], factor) for figure in SIZE_FIGURES}

    def of_deviations(
        self, found: Comparison, described: Mapping[str, Description], names: tuple[str, str]
    ) -> Comparison:
        """Add intervals to the deviations of a sample from the reference; both names are given.

        Half-widths of the logarithms of both samples and of all components add in quadrature.
        """
        limits = {figure: self._of_ratio(figure, described, names) for figure in ("geometric_mean", "gsd")}
        return replace(found, geometric_mean_interval=limits["geometric_mean"], gsd_interval=limits["gsd"])

    def _of_ratio(
        self, figure: str, described: Mapping[str, Description], names: tuple[str, str]
    ) -> tuple[float, float] | None:
        one, other = (described[name].figures["number"][figure] for name in names)
        if not (one.value and one.low and one.high and other.value and other.low and other.high):
            return None
        own, reference = (self.known.get(name, StoredUncertainty()) for name in names)
        first, second = (self.calibrations.get(name) for name in names)
        further = own.of_ratio(figure, reference, first is not None and first == second)
        further *= coverage_factor(described[names[0]].confidence_percent)
        down = math.hypot(math.log(one.value / one.low), math.log(other.high / other.value), further)
        up = math.hypot(math.log(one.high / one.value), math.log(other.value / other.low), further)
        middle = math.log(one.value / other.value)
        return 100 * math.expm1(middle - down), 100 * math.expm1(middle + up)

    def sentence(self, names: Sequence[str], confidence_percent: float) -> str:
        """State what the intervals of samples hold, and what they do not."""
        every = [self.known.get(name, StoredUncertainty.of({})) for name in names]
        held = [part for part in ("detection", "pixel size", "border") if any(part in one.included for one in every)]
        missing = [part for part in ("detection", "pixel size", "border") if any(part in one.missing for one in every)]
        text = f"{confidence_percent:g} %, by resampling (bootstrap)"
        text += f", widened for {joined(held)}, of which the common part cancels in differences" if held else ""
        return text + (f"; not included, for some or all samples: {joined(missing)}" if missing else "")
