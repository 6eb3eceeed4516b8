"""Grains of a second phase."""

from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import Field

from particleforge.draws import Draw, PerImage, Uniform, Within, number
from particleforge.params import Params
from particleforge.recipes.grains.cells import Cells, Image


class SecondPhase(Params):
    """Some of the grains are of another phase, with another grey value."""

    share: Annotated[Draw, PerImage(), Within(0, 1)] = Field(0.0, description="Share of the area; 0: one phase.")
    contrast: Annotated[Draw, PerImage(), Within(-1, 1)] = Field(
        Uniform(low=-0.4, high=0.4), description="Grey value minus that of the first phase."
    )

    def choose(self, cells: Cells, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
        """(n,) which grains are of the second phase: the first of them in random order that make up the share."""
        order = rng.permutation(len(cells))
        before = np.cumsum(cells.areas_px[order]) - cells.areas_px[order] / 2
        chosen = np.zeros(len(cells), np.bool_)
        chosen[order] = before < number(self.share) * cells.own.size
        return chosen

    def apply(self, image: Image, cells: Cells, chosen: npt.NDArray[np.bool_]) -> Image:
        """Return the (Y, X) image with the contrast of the phases."""
        return np.asarray(image + (chosen * np.float32(number(self.contrast)))[cells.own], np.float32)
