"""Irregular, roundish particles."""

from dataclasses import replace
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, PerParticle, Uniform, Within, draw
from particleforge.recipes.render.geometry.geometry import Geometry
from particleforge.recipes.render.mesh import Mesh, sphere

WAVES = 24
FINE = 4
"""Above so many bumps around, a mesh is finer."""


class Potato(Geometry):
    """A sphere with smooth bumps."""

    kind: Literal["potato"] = "potato"
    bumps: Annotated[Draw, PerParticle(), Within(0, 0.5)] = Field(
        Uniform(low=0.06, high=0.16), description="Standard deviation of the radius over its mean."
    )
    waves: Annotated[Draw, PerParticle(), Within(0.5, 20)] = Field(
        Uniform(low=1.2, high=2.5), description="How many bumps go around, about: larger is finer."
    )
    elongation: Annotated[Draw, PerParticle(), Within(1, 10)] = Field(
        Uniform(low=1, high=1.5), description="Length over width before the bumps."
    )

    def trace(self, rng: np.random.Generator, level: int) -> Mesh:
        """Return a sphere with radii of the exponential of plane waves in all directions."""
        waves = draw(self.waves, rng)
        ball = sphere(level + (waves > FINE))
        vectors = rng.standard_normal((WAVES, 3)) * waves
        phases = rng.uniform(0, 2 * np.pi, WAVES)
        noise = np.sqrt(2 / WAVES) * np.cos(ball.vertices @ vectors.T + phases).sum(1, keepdims=True)
        radii = np.exp(draw(self.bumps, rng) * np.clip(noise, -3, 3))
        return replace(ball, vertices=ball.vertices * radii * [draw(self.elongation, rng), 1, 1])
