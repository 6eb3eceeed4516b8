"""Confidence of the detector in a particle."""

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
        "Confidence of the detector in the particle; empty if no detector found it.",
        heading="Score",
        place=220,
    ),
)


def compute(particles: "Particles") -> dict[str, Floats]:
    """Look up the given scores by id."""
    return {"score": np.array([particles.scores.get(label, math.nan) for label in particles.ids.tolist()], float)}
