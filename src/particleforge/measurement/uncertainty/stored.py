"""Uncertainties as the summary of results holds them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from particleforge.measurement.statistics.describe import Estimate
from particleforge.measurement.uncertainty.budget import widened
from particleforge.measurement.uncertainty.detection import COMMON_SHARE
from particleforge.measurement.uncertainty.uncertainty import LEAST


@dataclass(frozen=True)
class StoredUncertainty:
    """What is known of the uncertainty of figures apart from sampling.

    Parameters
    ----------
    standards
        By figure and component, standard uncertainty of ln(figure); empty for results of earlier versions.
    missing
        Components whose effect on the geometric mean is not known, in words.
    """

    standards: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    missing: tuple[str, ...] = ()

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> "StoredUncertainty":
        """Read the entry of an image in a summary, or that of all images together."""
        about = entry.get("uncertainty")
        if not about:
            return cls({}, ("detection", "pixel size"))
        standards = {
            figure: {
                name: one["standard_percent"] / 100 for name, one in budget["components"].items() if name != "sampling"
            }
            for figure, budget in about["figures"].items()
        }
        missing = [name for name, one in about["components"].items() if "geometric_mean" in one["not_included"]]
        return cls(standards, tuple(name.replace("_", " ") for name in missing if name != "sampling"))

    @property
    def included(self) -> list[str]:
        """Components that contribute to the geometric mean, in words."""
        return [name.replace("_", " ") for name, u in self.standards.get("geometric_mean", {}).items() if u]

    def widen(self, figure: str, one: Estimate, factor: float) -> Estimate:
        """Widen an interval of sampling by all that is known, with the coverage factor of its confidence."""
        return widened(one, factor * math.hypot(*self.standards.get(figure, {}).values()), LEAST.get(figure, 0.0))

    def of_ratio(self, figure: str, reference: "StoredUncertainty", same_pixels: bool) -> float:
        """Return the standard uncertainty of ln(figure / figure of the reference), apart from sampling.

        Parameters
        ----------
        figure
            Name of the figure.
        reference
            Uncertainty of the reference.
        same_pixels
            Whether both have the same pixel size with the same uncertainty, which then cancels.

        Returns
        -------
        float
            Of detection, the share `COMMON_SHARE` of the variance is common to both and cancels as far as the errors
            are equal; so does the effect of the border rule, which is the same.
        """
        common = {"detection": COMMON_SHARE, "pixel_size": float(same_pixels), "border": 1.0}
        one, other = self.standards.get(figure, {}), reference.standards.get(figure, {})
        variance = 0.0
        for name, share in common.items():
            u, v = one.get(name, 0.0), other.get(name, 0.0)
            variance += share * (u - v) ** 2 + (1 - share) * (u**2 + v**2)
        return math.sqrt(variance)
