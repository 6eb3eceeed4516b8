"""Growth with a fractal dimension that holds in the mean."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from particleforge.draws import number
from particleforge.recipes.aggregate.growth.growth import Growth
from particleforge.recipes.aggregate.material import Material
from particleforge.recipes.aggregate.spheres import Floats, Ints, Spheres


class Paper(Growth):
    """All spheres count alike, with their mean radius, where D_f is concerned: quick; D_f scatters a little.

    Where no place is at the wanted distance, the nearest that is possible is taken.
    """

    kind: Literal["paper"] = "paper"

    def grow(self, materials: Sequence[Material], rng: np.random.Generator) -> Spheres:
        """Return one aggregate."""
        radii, masses, kinds, clusters = self._start(materials, rng)
        positions = self._placed(radii, clusters, rng)
        error = self._dimension(positions, radii, masses) - number(self.fractal_dimension)
        return Spheres(positions, radii, kinds, clusters, error)

    def join(self, radii: Floats, masses: Floats, rng: np.random.Generator) -> Floats:
        """(n, 3) centres of an aggregate of given spheres, which join one by one in their order."""
        return self._placed(radii, np.arange(len(radii)), rng)

    def _placed(self, radii: Floats, clusters: Ints, rng: np.random.Generator) -> Floats:
        return self._join(radii, np.zeros(len(radii)), clusters, number(self.fractal_dimension), 0, rng)[0]
