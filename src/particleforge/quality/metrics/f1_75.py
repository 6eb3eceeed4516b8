"""F1 score of the particles found with a close outline."""

from collections.abc import Sequence

from particleforge.quality.matching import Score
from particleforge.quality.metric import Judged

TITLE = "F1 at an IoU of 0.75"
PLACE = 20
BEST = 1.0


def compute(images: Sequence[Judged]) -> float | None:
    """Return 2 hits / (2 hits + false + missed) over all images."""
    return sum((image.close_score for image in images), Score()).f1 if images else None
