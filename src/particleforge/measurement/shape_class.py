"""Shape classes from criteria on the outline of a particle in one image."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import Field

from particleforge.measurement.arrays import Floats
from particleforge.params import Params

CLASSES = ("round", "block", "angular", "rod", "irregular", "small")
"""In the order of reports."""


class ShapeRule(Params):
    """Criteria for the classes of outlines.

    A sphere appears ``round``, a cube on its face as a ``block``, a rod lying flat as a ``rod``, and a plate on its
    face as ``angular`` (triangle, hexagon) or round. Bodies standing on end or on edge look different, so these are
    classes of outlines, not of bodies. Criteria are checked in the order of the fields; all others are ``angular``.
    """

    smallest_px: float = Field(
        8.0, ge=0, description="Below this equal-area diameter shapes cannot be recognised: class small."
    )
    solidity: float = Field(0.88, ge=0, le=1, description="Below this solidity: irregular, for example an aggregate.")
    rod_aspect: float = Field(
        1.8, ge=1, description="From this ratio of length to width of the bounding rectangle: rod."
    )
    block_fill: float = Field(
        0.89, ge=0, le=1, description="From this filled fraction of that rectangle: block; an ellipse fills 0.785."
    )
    round_circularity: float = Field(
        0.93,
        ge=0,
        le=1,
        description="From this circularity of the hull, relative to that of an ellipse of the same sides: round; a "
        "hexagon has 0.91.",
    )

    def classify(self, columns: Mapping[str, npt.NDArray[Any]]) -> npt.NDArray[np.object_]:
        """(n,) one of `CLASSES` for each particle."""
        long, short = columns["rectangle_length_px"], columns["rectangle_width_px"]
        fill = columns["area_px2"] / (long * short)
        ellipse = _circularity(long, short)
        chosen = np.select(
            [
                columns["ecd_px"] < self.smallest_px,
                columns["solidity"] < self.solidity,
                long >= self.rod_aspect * short,
                fill >= self.block_fill,
                (columns["ecd_px"] / columns["feret_mean_px"]) ** 2 >= self.round_circularity * ellipse,
            ],
            ["small", "irregular", "rod", "block", "round"],
            "angular",
        )
        return chosen.astype(object)


def _circularity(long: Floats, short: Floats) -> Floats:
    """Circularity of an ellipse, its perimeter by Ramanujan's formula."""
    h = ((long - short) / (long + short)) ** 2
    outline = np.pi * (long + short) / 2 * (1 + 3 * h / (10 + np.sqrt(4 - 3 * h)))
    return np.asarray(np.pi**2 * long * short / outline**2, float)
