"""Kernel distance (KID) of the texture alone."""

from particleforge.quality.described import Described
from particleforge.quality.distance import Between
from particleforge.quality.pairs import Discrepancy, polynomial

TITLE = "Kernel distance (KID) of the texture"
PLACE = 20


def between(one: Described, other: Described) -> Between:
    """Prepare the distance."""
    return Discrepancy.of(one.features["texture"], other.features["texture"], polynomial)
