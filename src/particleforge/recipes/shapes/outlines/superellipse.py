"""Discs, ellipses and rounded boxes."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, PerImage, PerParticle, Uniform, Within, draw_many
from particleforge.recipes.shapes.outlines.outline import Floats, Outline, angles


class Superellipse(Outline):
    """abs(x / a)^n + abs(y / b)^n = 1: disc and ellipse for n = 2, more like a box above, like a diamond below."""

    kind: Literal["superellipse"] = "superellipse"
    aspect: Annotated[Draw, PerParticle(), Within(1, 20)] = Field(
        Uniform(low=1, high=1.15), description="Ratio of length to width."
    )
    exponent: Annotated[Draw, PerImage(), Within(1, 20)] = Field(2.0, description="Exponent n; 2 is an ellipse.")

    def trace(self, rng: np.random.Generator, count: int) -> Floats:
        """Polygons of the curve."""
        aspect, n = draw_many(self.aspect, rng, count)[:, None], draw_many(self.exponent, rng, count)[:, None]
        cosine, sine = np.cos(angles()), np.sin(angles())
        x = aspect * np.sign(cosine) * np.abs(cosine) ** (2 / n)
        return np.stack([np.sign(sine) * np.abs(sine) ** (2 / n), x], -1)
