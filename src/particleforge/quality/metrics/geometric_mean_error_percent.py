"""Relative error of the geometric mean of the sizes."""

import math
from collections.abc import Sequence

from particleforge.measurement.statistics.compare import log_figures
from particleforge.quality.metric import Judged, all_sizes

TITLE = "Error of the geometric mean in percent"
PLACE = 100
BEST = 0.0


def compute(images: Sequence[Judged]) -> float | None:
    """Return the relative error of the geometric mean in percent.

    Sizes are in nm if all pixel sizes are known, else in px. Particles count according to the default rule for the
    border. None if no true or no found particle counts.
    """
    true, found = all_sizes(images)
    if not len(true) or not len(found):
        return None
    return 100 * math.expm1(log_figures(found)[0] - log_figures(true)[0])
