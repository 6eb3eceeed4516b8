"""Relative error of the number of particles."""

from collections.abc import Sequence

from particleforge.quality.matching import Score
from particleforge.quality.metric import Judged

TITLE = "Error of the number of particles in percent"
PLACE = 120
BEST = 0.0


def compute(images: Sequence[Judged]) -> float | None:
    """Return the relative error of the number found in percent; None if there are no true particles."""
    total = sum((image.score for image in images), Score())
    true = total.hits + total.missed
    return 100 * ((total.hits + total.false) / true - 1) if true else None
