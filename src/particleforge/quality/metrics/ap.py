"""Average precision of COCO."""

from collections.abc import Sequence

from particleforge.quality.metric import Judged, mean_precision

TITLE = "AP over IoU 0.50 to 0.95"
PLACE = 30
BEST = 1.0


def compute(images: Sequence[Judged]) -> float | None:
    """Return the average precision over ten thresholds from 0.50 to 0.95; None without scores or true particles."""
    return mean_precision(images, "any")
