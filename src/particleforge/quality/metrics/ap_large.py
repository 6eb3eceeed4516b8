"""Average precision of large particles."""

from collections.abc import Sequence

from particleforge.quality.metric import Judged, mean_precision

TITLE = "AP of particles above 96 x 96 px"
PLACE = 80
BEST = 1.0


def compute(images: Sequence[Judged]) -> float | None:
    """Return the average precision of true particles with an area above 96 x 96 px.

    These are COCO's limits. None without scores or such particles.
    """
    return mean_precision(images, "large")
