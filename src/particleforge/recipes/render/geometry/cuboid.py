"""Cubes and cuboids."""

import itertools
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, PerParticle, Uniform, Within, draw
from particleforge.recipes.render.geometry.geometry import Geometry
from particleforge.recipes.render.mesh import Mesh, rounded


class Cuboid(Geometry):
    """A cuboid with rounded edges."""

    kind: Literal["cuboid"] = "cuboid"
    elongation: Annotated[Draw, PerParticle(), Within(1, 30)] = Field(
        Uniform(low=1, high=1.15), description="Ratio of the longest side to the middle one."
    )
    flatness: Annotated[Draw, PerParticle(), Within(1, 30)] = Field(
        Uniform(low=1, high=1.15), description="Ratio of the middle side to the shortest."
    )
    rounding: Annotated[Draw, PerParticle(), Within(0, 1)] = Field(
        Uniform(low=0.1, high=0.35), description="Edge radius relative to half of the shortest side."
    )

    def trace(self, rng: np.random.Generator, level: int) -> Mesh:
        """Return all points within the edge radius of a smaller cuboid."""
        half = np.array([draw(self.elongation, rng), 1.0, 1 / draw(self.flatness, rng)])
        radius = draw(self.rounding, rng) * half[2]
        corners = np.array(list(itertools.product((-1, 1), repeat=3))) * (half - radius)
        return rounded(corners, radius, level)
