"""Jensen-Shannon divergence of the distributions of sizes."""

from collections.abc import Sequence

from particleforge.measurement.statistics.compare import compare, jensen_shannon
from particleforge.quality.metric import Judged, all_sizes

TITLE = "Jensen-Shannon divergence of the distributions of sizes in bits"
BEST = 0.0


def compute(images: Sequence[Judged]) -> float | None:
    """Return the divergence of found and true sizes, 0 to 1 bit, on the grid of `compare-sizes`.

    Particles count as for the geometric mean. None if no true or no found particle counts.
    """
    true, found = all_sizes(images)
    return jensen_shannon(found, true) if len(true) and len(found) else None


def by_chance(images: Sequence[Judged]) -> tuple[float, float] | None:
    """Return median and 95 % quantile of the divergence of two samples of the same distribution.

    True and found particles are put together and divided at random into two samples of the same numbers, as
    `compare-sizes` does; if there are six images or more, those of an image stay together.
    """
    true, found = all_sizes(images)
    return compare(found, true).jensen_shannon_null if len(true) and len(found) else None
