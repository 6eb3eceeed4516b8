"""Ellipsoids."""

from dataclasses import replace
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, PerParticle, Uniform, Within, draw
from particleforge.recipes.render.geometry.geometry import Geometry
from particleforge.recipes.render.mesh import Mesh, sphere


class Ellipsoid(Geometry):
    """An ellipsoid with three different axes."""

    kind: Literal["ellipsoid"] = "ellipsoid"
    elongation: Annotated[Draw, PerParticle(), Within(1, 30)] = Field(
        Uniform(low=1, high=2), description="Ratio of the longest axis to the middle one."
    )
    flatness: Annotated[Draw, PerParticle(), Within(1, 30)] = Field(
        Uniform(low=1, high=1.5), description="Ratio of the middle axis to the shortest."
    )

    def trace(self, rng: np.random.Generator, level: int) -> Mesh:
        """Return a stretched sphere."""
        ball = sphere(level)
        axes = [draw(self.elongation, rng), 1.0, 1 / draw(self.flatness, rng)]
        return replace(ball, vertices=ball.vertices * axes)
