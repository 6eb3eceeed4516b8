"""Stains and flakes."""

from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, LogUniform, PerImage, Uniform, Within, number
from particleforge.recipes.clutter.clutter import Clutter, Floats, Shape, above
from particleforge.recipes.noise import cloud


class Stains(Clutter):
    """Irregular spots with an edge: residue, contamination, flakes of a film."""

    patchy: ClassVar[bool] = True

    kind: Literal["stains"] = "stains"
    strength: Annotated[Draw, PerImage(), Within(0, 5)] = Field(
        Uniform(low=0.06, high=0.45), description="Grey value relative to the contrast of the particles; 0: none."
    )
    width: Annotated[Draw, PerImage(), Within(0.05, 100)] = Field(
        LogUniform(low=0.6, high=4), description="Size of the spots, in median diameters."
    )
    threshold: Annotated[Draw, PerImage(), Within(-3, 4)] = Field(
        Uniform(low=0.6, high=2),
        description="How rare they are: level of noise of standard deviation 1 they lie above.",
    )
    edge_px: Annotated[Draw, PerImage(), Within(0.2, 100)] = Field(
        LogUniform(low=1, high=6), description="Width of the edge."
    )

    def pattern(self, shape: Shape, diameter_px: float, rng: np.random.Generator) -> Floats:
        """Cut clouds off at a level; they are uneven inside."""
        coarsest = 2 * number(self.width) * diameter_px
        noise = cloud(shape, max(coarsest, 4), max(coarsest / 6, 3), rng)
        inside = above(noise, number(self.threshold), number(self.edge_px))
        return inside * (np.float32(0.8) + np.float32(0.2) * noise)
