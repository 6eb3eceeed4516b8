"""Discs, ellipses and rounded boxes."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, PerImage, PerParticle, Uniform, Within, draw_many
from particleforge.recipes.shapes.outlines.outline import Floats, Outline, angles, polar


class Superellipse(Outline):
    """abs(x / a)^n + abs(y / b)^n = 1: disc and ellipse for n = 2, towards a box above, a diamond below."""

    kind: Literal["superellipse"] = "superellipse"
    aspect: Annotated[Draw, PerParticle(), Within(1, 20)] = Field(
        Uniform(low=1, high=1.15), description="Length over width."
    )
    exponent: Annotated[Draw, PerImage(), Within(1, 20)] = Field(2.0, description="n; 2 is an ellipse.")

    def trace(self, rng: np.random.Generator, count: int) -> Floats:
        """Polygons of the curve."""
        aspect, n = draw_many(self.aspect, rng, count)[:, None], draw_many(self.exponent, rng, count)[:, None]
        theta = angles()
        return polar(((np.abs(np.cos(theta)) / aspect) ** n + np.abs(np.sin(theta)) ** n) ** (-1 / n))
