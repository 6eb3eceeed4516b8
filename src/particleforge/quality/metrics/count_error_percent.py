"""Relative error of the number of particles."""

from collections.abc import Sequence

import numpy as np

from particleforge.quality.metric import Judged

TITLE = "Error of the number of particles in percent"


def compute(images: Sequence[Judged]) -> float | None:
    """Return the relative error of the number found in percent; None if there are no true particles."""
    true = sum(len(np.unique(image.true[image.true > 0])) for image in images)
    found = sum(len(np.unique(image.found[image.found > 0])) for image in images)
    return 100 * (found / true - 1) if true else None
