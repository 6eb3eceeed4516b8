"""How close to a circle a particle is."""

import math
from typing import TYPE_CHECKING

from particleforge.measurement.arrays import Floats
from particleforge.measurement.column import Column

if TYPE_CHECKING:
    from particleforge.measurement.descriptor import Particles

COLUMNS = (
    Column(
        "circularity",
        "ratio",
        "circularity",
        "1 for a circle, less for any other outline; small particles can exceed 1.",
        r"4\pi A/P^2",
        heading="Circ.",
        place=130,
    ),
    Column(
        "roundness",
        "ratio",
        "roundness",
        "Ratio of the area to that of a circle whose diameter is the largest Feret diameter.",
        r"4A/(\pi F_{max}^2)",
        place=140,
    ),
)


def compute(particles: "Particles") -> dict[str, Floats]:
    """Ratios of the area to the squares of perimeter and largest Feret diameter."""
    area = particles["area_px2"]
    return {
        "circularity": 4 * math.pi * area / particles["perimeter_px"] ** 2,
        "roundness": 4 * area / (math.pi * particles["feret_max_px"] ** 2),
    }
