"""How far the F1 that a detector expects is from the true one."""

from collections.abc import Sequence

from particleforge.quality.metric import Judged

TITLE = "Mean error of the F1 that the detector expects"
PLACE = 130
BEST = 0.0


def compute(images: Sequence[Judged]) -> float | None:
    """Return the mean of |expected F1 - F1| over images; None if the detector states none."""
    errors = [abs(image.expected["value"] - image.score.f1) for image in images if image.expected]
    return sum(errors) / len(errors) if errors else None
