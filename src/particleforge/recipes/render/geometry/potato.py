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
"""Number of bumps around above which a finer mesh is used."""


class Potato(Geometry):
    """A sphere with smooth bumps."""

    kind: Literal["potato"] = "potato"
    bumps: Annotated[Draw, PerParticle(), Within(0, 0.5)] = Field(
        Uniform(low=0.06, high=0.16), description="Relative standard deviation of the radius."
    )
    waves: Annotated[Draw, PerParticle(), Within(0.5, 20)] = Field(
        Uniform(low=1.2, high=2.5), description="Approximate number of bumps around: larger is finer."
    )
    elongation: Annotated[Draw, PerParticle(), Within(1, 10)] = Field(
        Uniform(low=1, high=1.5), description="Ratio of length to width without the bumps."
    )

    def trace(self, rng: np.random.Generator, level: int) -> Mesh:
        """Return a sphere whose radii are the exponential of plane waves in all directions."""
        waves = draw(self.waves, rng)
        ball = sphere(level + (waves > FINE))
        vectors = rng.standard_normal((WAVES, 3)) * waves
        phases = rng.uniform(0, 2 * np.pi, WAVES)
        noise = np.sqrt(2 / WAVES) * np.cos(ball.vertices @ vectors.T + phases).sum(1, keepdims=True)
        radii = np.exp(draw(self.bumps, rng) * np.clip(noise, -3, 3))
        return replace(ball, vertices=ball.vertices * radii * [draw(self.elongation, rng), 1, 1])
