"""Average precision of small particles."""

from collections.abc import Sequence

from particleforge.quality.metric import Judged, mean_precision

TITLE = "AP of particles below 32 x 32 px"
PLACE = 60
BEST = 1.0


def compute(images: Sequence[Judged]) -> float | None:
    """Return the average precision of true particles with an area below 32 x 32 px.

    These are COCO's limits. None without scores or such particles.
    """
    return mean_precision(images, "small")
