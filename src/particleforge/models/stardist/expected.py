"""What to expect of a detection, from how it came about; fitted on annotated images by `benchmarks/fit_expected.py`."""

import math
from typing import Any

from pydantic import Field

from particleforge.models.stardist.scale_rules import Chosen
from particleforge.params import Params

LEAST, MOST = 0.01, 0.99
"""Range of the expected F1."""
PERFECT = 0.975
"""An upper limit from here on is 1, since few particles are either all found or not."""


class ExpectedF1(Params):
    """Expected F1 at an IoU of 0.5: the logistic function of a linear combination of what is known of a choice."""

    intercept: float = Field(0.0, description="Value of the combination where all else is 0.")
    agreement: float = Field(0.0, description="Weight of the agreement between scales.")
    kept: float = Field(0.0, description="Weight of the share of objects that stand out enough.")
    prob: float = Field(0.0, description="Weight of the mean probability of the particles.")
    below: float = Field(5.0, ge=0, description="One of ten images has an F1 below the combination less this.")
    above: float = Field(5.0, ge=0, description="One of ten images has an F1 above the combination plus this.")

    def logit(self, chosen: Chosen) -> float:
        """Return the linear combination."""
        weights = self.agreement, self.kept, self.prob
        return self.intercept + sum(
            weight * value for weight, value in zip(weights, chosen.signals.values(), strict=True)
        )


class SizeError(Params):
    """Standard deviation of ln(true / found): exp(intercept + logit * logit of the expected F1 + ln_count * ln n)."""

    intercept: float = Field(0.0, description="Its logarithm for one particle and an expected F1 of one half.")
    logit: float = Field(0.0, description="How it changes with the logit of the expected F1.")
    ln_count: float = Field(0.0, description="How it changes with the logarithm of the number of particles.")

    def of(self, logit: float, count: int) -> float:
        """Return it for an expected F1 and a number of particles."""
        return math.exp(self.intercept + self.logit * logit + self.ln_count * math.log(count))


class Expected(Params):
    """What is expected of the detections of a model."""

    f1: ExpectedF1 = Field(default_factory=ExpectedF1, description="How many particles are right.")
    errors: dict[str, SizeError] = Field(
        default_factory=dict, description="Error of each figure of the size distribution, by its name."
    )

    def of(self, chosen: Chosen) -> dict[str, Any]:
        """Plain data for `Detections.found`: certainty, expected F1 with an interval of 80 %, and detection errors.

        Parameters
        ----------
        chosen
            What was chosen among several scales.
        """
        count = sum(map(len, chosen.parts))
        if not len(chosen.parts[0]):
            return {"certainty": 0.0}
        logit = self.f1.logit(chosen)
        value, low, high = (_logistic(at) for at in (logit, logit - self.f1.below, logit + self.f1.above))
        return {
            "certainty": value,
            "expected_f1": {"value": value, "low": low, "high": 1.0 if high >= PERFECT else high},
            "detection_error": {name: error.of(_logit(value), count) for name, error in self.errors.items()},
        }


def _logistic(logit: float) -> float:
    return min(MOST, max(LEAST, 1 / (1 + math.exp(-logit))))


def _logit(share: float) -> float:
    return math.log(share / (1 - share))
