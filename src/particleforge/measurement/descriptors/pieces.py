"""In how many pieces a label is."""

from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from particleforge.measurement.column import Column

if TYPE_CHECKING:
    from particleforge.measurement.descriptor import Particles

COLUMNS = (
    Column(
        "pieces",
        "count",
        "pieces",
        "Number of separate pieces of its label. Only the largest one is measured and counts.",
        place=240,
    ),
    Column(
        "largest_piece",
        "ratio",
        "share of the largest piece",
        "Share of the pixels of its label that lie in the largest piece; 1 if there is only one.",
        place=241,
    ),
)


def compute(particles: "Particles") -> dict[str, npt.NDArray[Any]]:
    """As counted when the other pieces were left out."""
    return {"pieces": particles.pieces.count, "largest_piece": particles.pieces.share}
