"""Superellipsoids."""

from dataclasses import replace
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, PerParticle, Uniform, Within, draw
from particleforge.recipes.render.geometry.geometry import Geometry
from particleforge.recipes.render.mesh import Mesh, sphere


class Superellipsoid(Geometry):
    """Shapes from octahedron (exponent 1) and ellipsoid (2) to box (above)."""

    kind: Literal["superellipsoid"] = "superellipsoid"
    exponent: Annotated[Draw, PerParticle(), Within(0.8, 12)] = Field(
        Uniform(low=1.5, high=5), description="Exponent p of |x|^p + |y|^p + |z|^p = 1."
    )
    elongation: Annotated[Draw, PerParticle(), Within(1, 30)] = Field(
        Uniform(low=1, high=1.5), description="Ratio of the longest axis to the middle one."
    )
    flatness: Annotated[Draw, PerParticle(), Within(1, 30)] = Field(
        Uniform(low=1, high=1.2), description="Ratio of the middle axis to the shortest."
    )

    def trace(self, rng: np.random.Generator, level: int) -> Mesh:
        """Return a sphere whose points are shifted along their directions."""
        ball, power = sphere(level), draw(self.exponent, rng)
        reach = (np.abs(ball.vertices) ** power).sum(1, keepdims=True) ** (-1 / power)
        axes = [draw(self.elongation, rng), 1.0, 1 / draw(self.flatness, rng)]
        return replace(ball, vertices=ball.vertices * reach * axes)
