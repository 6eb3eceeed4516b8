"""Leave out particles cut by the border, and compensate for them."""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from particleforge.measurement.arrays import Floats
from particleforge.measurement.borders.border import Border


class MilesLantuejoul(Border):
    r"""Particles that touch the border do not count; larger ones inside count more, to compensate (Miles-Lantuéjoul).

    A particle counts more, the less likely one of its extent is to lie wholly inside.

    In an image of W by H pixels, the bounding box of a particle of w by h pixels touches no border in
    :math:`(W - 1 - w)(H - 1 - h)` of all positions of its first corner. So a particle counts
    :math:`WH / ((W - 1 - w)(H - 1 - h))`, and those that touch the border do not count. Averaged over
    images, this gives the true distribution by number for any shapes and sizes that fit into the image.
    """

    weighting = "each particle counts by 1/probability of being seen whole (Miles-Lantuejoul)"
    effect = "none"
    remains = "compensated; what remains is negligible"

    kind: Literal["miles_lantuejoul"] = Field("miles_lantuejoul", title="compensate (recommended)")

    def weights(self, columns: Mapping[str, npt.NDArray[Any]], shape: tuple[int, int]) -> Floats:
        """(n,) above 1 inside, 0 at the border."""
        height, width = shape
        free = (height - 1 - columns["box_height_px"]) * (width - 1 - columns["box_width_px"])
        inside = ~np.asarray(columns["touches_border"], bool)
        return np.where(inside, height * width / np.where(inside, free, 1), 0.0)

    @property
    def sentence(self) -> str:
        """The rule in words."""
        return (
            "Particles that touch the border do not count; the others are weighted by the inverse of their probability "
            "of not touching it (Miles-Lantuejoul)."
        )
