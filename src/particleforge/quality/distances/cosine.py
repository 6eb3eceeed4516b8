"""Cosine distance of what a given network makes of images: 1 less a hundredth of the CLIP score, if that is CLIP."""

import numpy as np

from particleforge.measurement.arrays import Floats
from particleforge.quality.described import Described
from particleforge.quality.distance import Between

TITLE = "Cosine distance of the given network (1 - CLIP score / 100)"
PLACE = 90


def between(one: Described, other: Described) -> Between | None:
    """Prepare the distance: 1 less the mean cosine of the vectors of an image of one set and one of the other."""
    if "given" not in one.features:
        return None
    units = [
        rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
        for rows in (one.means("given"), other.means("given"))
    ]
    cosines = units[0] @ units[1].T

    def compute(times: Floats, times_other: Floats) -> Floats:
        return np.asarray(1 - ((times @ cosines) * times_other).sum(1) / (times.sum(1) * times_other.sum(1)))

    return compute
