"""How much of its convex hull a particle fills."""

import math
from typing import TYPE_CHECKING

from particleforge.measurement.arrays import Floats
from particleforge.measurement.column import Column
from particleforge.measurement.descriptors._hull import hull_pixels

if TYPE_CHECKING:
    from particleforge.measurement.descriptor import Particles

COLUMNS = (
    Column(
        "solidity",
        "ratio",
        "solidity",
        "Ratio of the area to the number of pixel centres inside or on the convex hull of the pixel centres; exactly 1 "
        "for a rasterised convex shape, unlike definitions by pixel corners.",
        place=150,
    ),
    Column(
        "convexity",
        "ratio",
        "convexity",
        "Ratio of the perimeter of the hull, from the mean Feret diameter, to that of the outline; about 1 for a "
        "convex shape.",
        r"\pi \bar F/P",
        place=160,
    ),
)


def compute(particles: "Particles") -> dict[str, Floats]:
    """Ratios of area and perimeter to those of the hull."""
    return {
        "solidity": particles["area_px2"] / hull_pixels(particles.hulls),
        "convexity": math.pi * particles["feret_mean_px"] / particles["perimeter_px"],
    }
