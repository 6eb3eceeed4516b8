"""Mass of a particle of known density."""

from typing import TYPE_CHECKING

from particleforge.measurement.arrays import Floats
from particleforge.measurement.column import Column

if TYPE_CHECKING:
    from particleforge.measurement.descriptor import Particles

COLUMNS = (
    Column(
        "mass",
        "mass",
        "mass",
        "Volume times the density given; empty if density or pixel size is unknown. 1 fg is 1e-15 g.",
        r"\rho V",
        place=310,
    ),
)
RULES = ("density_g_cm3",)
FG = 1e-6
"""Mass of 1 nm3 of density 1 g/cm3, in fg."""


def compute(particles: "Particles") -> dict[str, Floats]:
    """From the volume of the body chosen in the rules."""
    density, pixel_size_nm = particles.rules.density_g_cm3, particles.pixel_size_nm
    if density is None or pixel_size_nm is None:
        return {}
    return {"mass_fg": density * FG * particles["volume_px3"] * pixel_size_nm**3}
