"""How sure the detector was of a particle."""

import math
from typing import TYPE_CHECKING

import numpy as np

from particleforge.measurement.arrays import Floats
from particleforge.measurement.column import Column

if TYPE_CHECKING:
    from particleforge.measurement.descriptor import Particles

COLUMNS = (
    Column(
        "score",
        "ratio",
        "score",
        "How sure the detector was of it; none where no detector found it.",
        heading="Score",
        place=220,
    ),
)


def compute(particles: "Particles") -> dict[str, Floats]:
    """As they are given, by id."""
    return {"score": np.array([particles.scores.get(label, math.nan) for label in particles.ids.tolist()], float)}
