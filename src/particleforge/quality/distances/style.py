"""Style distance: squared difference of the mean Gram matrices, without bias."""

from particleforge.quality.described import Described
from particleforge.quality.distance import Between
from particleforge.quality.pairs import Discrepancy, linear

TITLE = "Style distance (Gram matrices)"
PLACE = 50


def between(one: Described, other: Described) -> Between:
    """Prepare the distance."""
    return Discrepancy.of(one.features["style"], other.features["style"], linear)
