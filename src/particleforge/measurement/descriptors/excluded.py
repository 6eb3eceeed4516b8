"""Why a particle does not count in a distribution."""

from collections import ChainMap
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

from particleforge.measurement.column import Column

if TYPE_CHECKING:
    from particleforge.measurement.descriptor import Particles

COLUMNS = (
    Column(
        "excluded",
        "text",
        "excluded because",
        "Why the particle does not count, by the rules: for example `at the border` or `too small`; empty if it does.",
        place=211,
    ),
)

RULES = ("border", "smallest_px", "largest_px")


def compute(particles: "Particles") -> dict[str, npt.NDArray[Any]]:
    """Reasons according to the rules; what lies outside of the rows that show the specimen lies in a data bar."""
    first, stop = particles.rows
    middle = particles["y_px"] - first
    within = ChainMap({"y_px": middle}, cast("dict[str, Any]", particles))
    reasons = particles.rules.exclusions(within, (stop - first, particles.shape[1]))
    in_bar = (reasons != "") & ((middle < 0) | (middle > stop - first - 1))
    return {"excluded": np.where(in_bar, "in the data bar", reasons)}
