"""Jensen-Shannon divergence of the distributions of sizes."""

from collections.abc import Sequence

from particleforge.measurement.statistics.compare import jensen_shannon, jensen_shannon_by_chance
from particleforge.quality.metric import Judged, all_sizes

TITLE = "Jensen-Shannon divergence of the sizes in bits"
PLACE = 90
BEST = 0.0


def compute(images: Sequence[Judged]) -> float | None:
    """Return the divergence of found and true sizes, 0 to 1 bit, on the grid of `compare-sizes`.

    Particles count as for the geometric mean. None if no true or no found particle counts.
    """
    true, found = all_sizes(images)
    return jensen_shannon(found, true) if len(true) and len(found) else None


def by_chance(images: Sequence[Judged]) -> tuple[float, float] | None:
    """Return median and 95 % quantile of the divergence of two samples of the true particles of these images.

    See `jensen_shannon_by_chance`. None if no true particle counts.
    """
    true, _ = all_sizes(images)
    return jensen_shannon_by_chance(true) if len(true) else None
