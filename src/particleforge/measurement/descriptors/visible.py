"""How much of a particle is visible."""

import math
from typing import TYPE_CHECKING

import numpy as np

from particleforge.measurement.arrays import Floats
from particleforge.measurement.column import Column

if TYPE_CHECKING:
    from particleforge.measurement.descriptor import Particles

COLUMNS = (
    Column(
        "visible_fraction",
        "ratio",
        "visible share",
        "Share of the area of the whole particle, as far as it lies in the image, that no other particle hides. Empty "
        "if the detector finds visible parts only, or the particle was changed by hand: its sizes are then those of "
        "its visible part.",
        heading="Visible",
        place=320,
    ),
)
TOGETHER = True


def compute(particles: "Particles") -> dict[str, Floats]:
    """Visible pixels over those of the whole mask; nothing if no whole particle is known."""
    if not particles.whole.any():
        return {}
    visible = particles.runs.sum(particles.runs.length) / particles["area_px2"]
    return {"visible_fraction": np.where(particles.whole, visible, math.nan)}
