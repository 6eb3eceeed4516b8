"""Average precision of particles of medium size."""

from collections.abc import Sequence

from particleforge.quality.metric import Judged, mean_precision

TITLE = "AP of particles from 32 x 32 px to 96 x 96 px"
PLACE = 70
BEST = 1.0


def compute(images: Sequence[Judged]) -> float | None:
    """Return the average precision of true particles with an area from 32 x 32 px to 96 x 96 px.

    These are COCO's limits. None without scores or such particles.
    """
    return mean_precision(images, "medium")
