"""What the outline of a particle is called."""

from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from particleforge.measurement.column import Column

if TYPE_CHECKING:
    from particleforge.measurement.descriptor import Particles

COLUMNS = (Column("class", "text", "class", "What its outline is called, by the rules of shape.", place=10),)


def compute(particles: "Particles") -> dict[str, npt.NDArray[Any]]:
    """By `ShapeRule`."""
    return {"class": particles.rules.shape.classify(particles)}
