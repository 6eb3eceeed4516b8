"""Rods."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, PerParticle, Uniform, Within, draw
from particleforge.recipes.render.geometry.geometry import Geometry
from particleforge.recipes.render.mesh import Mesh, rounded

AROUND = 32
"""Number of corners of the circle at the end of a rod."""


class Rod(Geometry):
    """A straight rod with round ends, or a cylinder with rounded edges."""

    kind: Literal["rod"] = "rod"
    aspect: Annotated[Draw, PerParticle(), Within(1, 50)] = Field(
        Uniform(low=2.5, high=4.5), description="Ratio of length to width."
    )
    rounding: Annotated[Draw, PerParticle(), Within(0, 1)] = Field(
        1.0, description="1: hemispherical ends; 0: flat ends."
    )

    def trace(self, rng: np.random.Generator, level: int) -> Mesh:
        """Return all points within the edge radius of the hull of two discs."""
        radius, aspect = draw(self.rounding, rng), draw(self.aspect, rng)
        angle = np.linspace(0, 2 * np.pi, AROUND, endpoint=False)
        disc = (1 - radius) * np.stack([np.zeros(AROUND), np.cos(angle), np.sin(angle)], -1)
        reach = np.array([max(aspect - radius, 0.0), 0, 0])
        return rounded(np.concatenate([disc - reach, disc + reach]), radius, level)
