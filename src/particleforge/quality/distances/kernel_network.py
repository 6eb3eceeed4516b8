"""Kernel distance (KID) of the network alone."""

from particleforge.quality.described import Described
from particleforge.quality.distance import Between
from particleforge.quality.pairs import Discrepancy, polynomial

TITLE = "Kernel distance (KID) of the network"
PLACE = 30


def between(one: Described, other: Described) -> Between:
    """Prepare the distance."""
    return Discrepancy.of(one.features["network"], other.features["network"], polynomial)
