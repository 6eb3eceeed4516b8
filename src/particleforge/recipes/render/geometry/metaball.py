"""Lumps of a few merged spheres."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, PerParticle, Uniform, Within, draw
from particleforge.recipes.render.geometry.geometry import Geometry
from particleforge.recipes.render.mesh import Mesh
from particleforge.recipes.render.metaball import metaball


class Metaball(Geometry):
    """A few spheres sintered into one particle; for agglomerates labelled by primary particle, see placement."""

    kind: Literal["metaball"] = "metaball"
    spheres: Annotated[Draw, PerParticle(), Within(1, 50)] = Field(
        Uniform(low=1.5, high=5.5), description="Number of spheres, rounded."
    )
    distance: Annotated[Draw, PerParticle(), Within(0.1, 2)] = Field(
        Uniform(low=1.0, high=1.7),
        description="Distance between neighbours relative to their radius; 2: they just touch.",
    )
    neck: Annotated[Draw, PerParticle(), Within(0, 1)] = Field(
        Uniform(low=0.2, high=0.6), description="Width of the necks relative to the radius."
    )

    def trace(self, rng: np.random.Generator, level: int) -> Mesh:
        """Return spheres, each placed next to an earlier one."""
        centres = [np.zeros(3)]
        for _ in range(round(draw(self.spheres, rng)) - 1):
            away = rng.standard_normal(3)
            centres.append(centres[rng.integers(len(centres))] + draw(self.distance, rng) * away / np.linalg.norm(away))
        radii = rng.uniform(0.8, 1.0, len(centres))
        return metaball(np.array(centres), radii, draw(self.neck, rng), 1.2 / 2**level)
