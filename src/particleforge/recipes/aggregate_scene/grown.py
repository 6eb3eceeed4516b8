"""Growth and arrangement of aggregates."""

from dataclasses import replace
from typing import Literal

import numpy as np
from pydantic import Field

from particleforge.draws import Uniform, number
from particleforge.recipes.aggregate.growth.exact import Exact
from particleforge.recipes.aggregate.growth.growth import AnyGrowth
from particleforge.recipes.render.mesh import random_rotation
from particleforge.recipes.render.placement.agglomerate import scatter_clusters
from particleforge.recipes.render.placement.placement import Floats, Placement
from particleforge.recipes.render.placement.scattered import Scattered
from particleforge.recipes.render.scene import Body


class Grown(Placement):
    """Aggregates of a given fractal dimension, grown like those of the recipe `aggregate`, at any angle on the ground.

    Particles count as spheres of equal volume; they join one by one, at random.
    """

    kind: Literal["grown"] = "grown"
    growth: AnyGrowth = Field(
        Exact(particles=Uniform(low=20, high=40), fractal_dimension=Uniform(low=1.7, high=1.9)),
        description="How they grow; `particles` is the approximate number in one aggregate.",
    )
    scatter: Scattered = Field(
        Scattered(cut_by_border=False, clustering=0, overlap=0.3), description="Arrangement of the aggregates."
    )

    def place(self, bodies: list[Body], ground: Floats, rng: np.random.Generator) -> list[Body]:
        """Grow aggregates of nearly equal size at the origin, then scatter them."""
        count = max(1, round(len(bodies) / max(1.0, number(self.growth.particles))))
        chosen = [which for which in np.array_split(rng.permutation(len(bodies)), count) if len(which)]
        grown = [self._grown([bodies[i] for i in which], k, rng) for k, which in enumerate(chosen, 1)]
        placed: dict[int, Body] = {}
        for which, part in zip(chosen, scatter_clusters(grown, self.scatter, ground, rng), strict=True):
            placed |= dict(zip(map(int, which), part, strict=True))
        return [placed[i] for i in range(len(bodies))]

    def _grown(self, part: list[Body], cluster: int, rng: np.random.Generator) -> list[Body]:
        """One aggregate at the origin."""
        radii = np.array([body.diameter_px / 2 for body in part])
        masses = radii**3 * [body.material.density_g_cm3 for body in part]
        places = self.growth.join(radii, masses, rng)
        places = (places - places.mean(0)) @ random_rotation(rng).T
        return [replace(body, cluster=cluster).moved(place) for body, place in zip(part, places, strict=True)]
