"""How much a particle counts in a distribution."""

from collections import ChainMap
from typing import TYPE_CHECKING, Any, cast

from particleforge.measurement.arrays import Floats
from particleforge.measurement.column import Column

if TYPE_CHECKING:
    from particleforge.measurement.descriptor import Particles

COLUMNS = (
    Column("weight", "ratio", "weight", "How much the particle counts in a distribution, by the rules.", place=210),
)

RULES = ("border", "smallest_px", "largest_px")


def compute(particles: "Particles") -> dict[str, Floats]:
    """Weights according to the rules, within the rows that show the specimen."""
    first, stop = particles.rows
    within = ChainMap({"y_px": particles["y_px"] - first}, cast("dict[str, Any]", particles))
    return {"weight": particles.rules.weights(within, (stop - first, particles.shape[1]))}
