"""Kernel distance (KID) of texture, network and objects together."""

from particleforge.quality.described import COMBINED, Described
from particleforge.quality.distance import Between
from particleforge.quality.pairs import Discrepancy, polynomial

TITLE = "Kernel distance (KID) of all features"
PLACE = 10


def between(one: Described, other: Described) -> Between:
    """Prepare the distance; every feature has the same weight."""
    return Discrepancy.of(one.combined(COMBINED), other.combined(COMBINED), polynomial)
