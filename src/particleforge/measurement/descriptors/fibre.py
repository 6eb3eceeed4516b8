"""The length along a fibre, straight or bent."""

import math
from typing import TYPE_CHECKING

import numpy as np

from particleforge.measurement.arrays import Floats
from particleforge.measurement.column import Column

if TYPE_CHECKING:
    from particleforge.measurement.descriptor import Particles

COLUMNS = (
    Column(
        "fibre_length",
        "length",
        "fibre length",
        "Length l of a straight or bent rod with semicircular ends of the same area and perimeter; w is its width.",
        r"l = (P - \pi w)/2 + w,\ w = (P - \sqrt{P^2 - 4\pi A})/\pi",
        place=80,
    ),
    Column("curl", "ratio", "curl", "For fibres: 0 if straight.", r"l/F_{max} - 1", place=180),
)


def compute(particles: "Particles") -> dict[str, Floats]:
    r"""From area and perimeter.

    With width w and centre line s: :math:`P = 2s + \pi w` and :math:`A = sw + \pi w^2/4`, also if the rod is bent.
    """
    area, outline = particles["area_px2"], particles["perimeter_px"]
    width = (outline - np.sqrt(np.maximum(outline**2 - 4 * math.pi * area, 0))) / math.pi
    length = np.asarray((outline - math.pi * width) / 2 + width, float)
    return {"fibre_length_px": length, "curl": length / particles["feret_max_px"] - 1}
