"""Relative error of the geometric standard deviation of the sizes."""

import math
from collections.abc import Sequence

from particleforge.measurement.statistics.compare import log_figures
from particleforge.quality.metric import Judged, all_sizes

TITLE = "Error of the GSD in percent"
PLACE = 110
BEST = 0.0


def compute(images: Sequence[Judged]) -> float | None:
    """Return the relative error of the GSD in percent.

    Particles count as for the geometric mean. None if fewer than two true or two found particles count.
    """
    true, found = all_sizes(images)
    if len(true) < 2 or len(found) < 2:
        return None
    return 100 * math.expm1(log_figures(found)[1] - log_figures(true)[1])
