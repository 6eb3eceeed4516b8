"""Average precision at an intersection over union of 0.75."""

from collections.abc import Sequence

from particleforge.quality.metric import Judged, mean_precision

TITLE = "AP at an IoU of 0.75"
PLACE = 50
BEST = 1.0


def compute(images: Sequence[Judged]) -> float | None:
    """Return the average precision at 0.75; None without scores or true particles."""
    return mean_precision(images, "any", [5])
