"""Bright edges."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, PerImage, Uniform, Within, draw_many
from particleforge.recipes.shapes.shading.shading import Floats, Shading, depths


class Rim(Shading):
    """Contrast is highest at the outline, as with secondary electrons from tilted surfaces."""

    kind: Literal["rim"] = "rim"
    middle: Annotated[Draw, PerImage(), Within(-1, 1)] = Field(
        Uniform(low=-0.3, high=0.8), description="Contrast in the centre relative to that at the outline."
    )
    width: Annotated[Draw, PerImage(), Within(0.01, 1)] = Field(
        Uniform(low=0.05, high=0.5), description="Depth over which the rim fades."
    )

    def profiles(self, rng: np.random.Generator, count: int) -> Floats:
        """Return an exponential decay from the outline."""
        middle, width = draw_many(self.middle, rng, count)[:, None], draw_many(self.width, rng, count)[:, None]
        return np.asarray(middle + (1 - middle) * np.exp(-depths() / width), float)
