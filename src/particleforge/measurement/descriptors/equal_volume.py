"""Volume by a model, and the sphere of equal volume."""

import math
from typing import TYPE_CHECKING

import numpy as np

from particleforge.measurement.arrays import Floats
from particleforge.measurement.column import Column

if TYPE_CHECKING:
    from particleforge.measurement.descriptor import Particles

COLUMNS = (
    Column("volume", "volume", "volume", "Volume according to the body chosen in the rules.", place=90),
    Column(
        "ved",
        "length",
        "equal-volume diameter",
        "Diameter of the sphere of that volume.",
        r"\sqrt[3]{6V/\pi}",
        size=True,
        place=91,
    ),
)

RULES = ("volume",)


def compute(particles: "Particles") -> dict[str, Floats]:
    """Volume of the body chosen in the rules."""
    volume = particles.rules.volume.volume(particles)
    return {"volume_px3": volume, "ved_px": np.cbrt(6 / math.pi * volume)}
