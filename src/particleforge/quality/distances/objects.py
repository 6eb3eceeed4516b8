"""Energy distance of shapes, spread of sizes, coverage and contrasts of the particles found."""

from particleforge.quality.described import Described
from particleforge.quality.distance import Between
from particleforge.quality.pairs import Discrepancy, nearness

TITLE = "Energy distance of the objects"
PLACE = 40


def between(one: Described, other: Described) -> Between:
    """Prepare the distance."""
    return Discrepancy.of(one.features["objects"], other.features["objects"], nearness)
