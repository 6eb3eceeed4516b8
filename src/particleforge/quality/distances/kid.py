"""Kernel distance of what a given network makes of images: the KID, if that is Inception."""

import math

from particleforge.quality.described import Described
from particleforge.quality.distance import Between
from particleforge.quality.pairs import Discrepancy, polynomial

TITLE = "Kernel distance of the given network (KID)"
PLACE = 80


def between(one: Described, other: Described) -> Between | None:
    """Prepare the distance; the product of two vectors is divided by their length."""
    if "given" not in one.features:
        return None
    scaled = [[rows / math.sqrt(rows.shape[1]) for rows in each.features["given"]] for each in (one, other)]
    return Discrepancy.of(scaled[0], scaled[1], polynomial)
