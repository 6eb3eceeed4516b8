"""The class of a particle's outline."""

from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from particleforge.measurement.column import Column

if TYPE_CHECKING:
    from particleforge.measurement.descriptor import Particles

COLUMNS = (Column("class", "text", "class", "Class of its outline according to the shape rules.", place=10),)

RULES = ("shape",)


def compute(particles: "Particles") -> dict[str, npt.NDArray[Any]]:
    """Classes according to `ShapeRule`."""
    return {"class": particles.rules.shape.classify(particles)}
