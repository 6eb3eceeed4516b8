"""Soft spots."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, PerImage, Uniform, Within, draw_many
from particleforge.recipes.shapes.shading.shading import Floats, Shading, depths


class Peak(Shading):
    """A Gaussian peak, like a particle as small as the resolution, or out of focus."""

    kind: Literal["peak"] = "peak"
    sigma: Annotated[Draw, PerImage(), Within(0.1, 2)] = Field(
        Uniform(low=0.4, high=0.7), description="Standard deviation relative to the radius of the outline."
    )

    def profiles(self, rng: np.random.Generator, count: int) -> Floats:
        """Return half a Gaussian curve."""
        sigma = draw_many(self.sigma, rng, count)[:, None]
        return np.asarray(np.exp(-(((1 - depths()) / sigma) ** 2) / 2), float)
