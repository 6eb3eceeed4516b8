"""Growth with a fractal dimension that holds in the mean."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from particleforge.draws import number
from particleforge.recipes.aggregate.growth.growth import Growth
from particleforge.recipes.aggregate.growth.spheres import Spheres
from particleforge.recipes.aggregate.material import Material


class Paper(Growth):
    """All spheres count alike, with their mean radius, where D_f is concerned: quick; D_f scatters a little.

    Where no place is at the wanted distance, the nearest that is possible is taken.
    """

    kind: Literal["paper"] = "paper"

    def grow(self, materials: Sequence[Material], rng: np.random.Generator) -> Spheres:
        """Return one aggregate."""
        radii, masses, kinds, clusters = self._start(materials, rng)
        wanted = number(self.fractal_dimension)
        positions, _ = self._join(radii, np.zeros(len(radii)), clusters, wanted, 0, rng)
        error = self._dimension(positions, radii, masses) - wanted
        return Spheres(positions, radii, kinds, clusters, error)
