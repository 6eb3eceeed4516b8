"""Lumps of a few spheres grown together."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, PerParticle, Uniform, Within, draw
from particleforge.recipes.render.geometry.geometry import Geometry
from particleforge.recipes.render.mesh import Mesh
from particleforge.recipes.render.metaball import metaball


class Metaball(Geometry):
    """A few spheres sintered to one particle; for agglomerates whose primary particles are the truth, see placement."""

    kind: Literal["metaball"] = "metaball"
    spheres: Annotated[Draw, PerParticle(), Within(1, 50)] = Field(
        Uniform(low=1.5, high=5.5), description="Spheres in it, rounded."
    )
    distance: Annotated[Draw, PerParticle(), Within(0.1, 2)] = Field(
        Uniform(low=1.0, high=1.7), description="Distance of neighbours over their radius; 2: they only touch."
    )
    neck: Annotated[Draw, PerParticle(), Within(0, 1)] = Field(
        Uniform(low=0.2, high=0.6), description="Width of the necks over the radius."
    )

    def trace(self, rng: np.random.Generator, level: int) -> Mesh:
        """Return spheres put beside one that is there already."""
        centres = [np.zeros(3)]
        for _ in range(round(draw(self.spheres, rng)) - 1):
            away = rng.standard_normal(3)
            centres.append(centres[rng.integers(len(centres))] + draw(self.distance, rng) * away / np.linalg.norm(away))
        radii = rng.uniform(0.8, 1.0, len(centres))
        return metaball(np.array(centres), radii, draw(self.neck, rng), 1.2 / 2**level)
