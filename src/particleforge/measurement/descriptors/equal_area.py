"""The circle of equal area."""

import math
from typing import TYPE_CHECKING

import numpy as np

from particleforge.measurement.arrays import Floats
from particleforge.measurement.column import Column

if TYPE_CHECKING:
    from particleforge.measurement.descriptor import Particles

COLUMNS = (
    Column(
        "ecd",
        "length",
        "equal-area diameter",
        "Diameter of the circle of equal area.",
        r"\sqrt{4A/\pi}",
        size=True,
        heading="Ø",
        place=30,
    ),
)


def compute(particles: "Particles") -> dict[str, Floats]:
    """From the area."""
    return {"ecd_px": np.sqrt(4 * particles["area_px2"] / math.pi)}
