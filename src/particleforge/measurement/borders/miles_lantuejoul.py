"""Leave out what the border cuts, and make up for it."""

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

    In an image of W by H pixels, of all places where the box of a particle of w by h pixels can have its first corner,
    it touches no border at :math:`(W - 1 - w)(H - 1 - h)`; so the particle counts
    :math:`WH / ((W - 1 - w)(H - 1 - h))`, and those that touch the border do not count. In the mean over images this
    is the true distribution by number, whatever shapes and sizes there are, as long as they fit into the image.
    """

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
            "Particles that touch the border do not count; the others count by the inverse of their chance of not "
            "touching it (Miles-Lantuejoul)."
        )
