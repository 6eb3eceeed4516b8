"""Growth with a fractal dimension that is right on average."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from particleforge.draws import number
from particleforge.recipes.aggregate.growth.growth import Growth
from particleforge.recipes.aggregate.material import Material
from particleforge.recipes.aggregate.spheres import Floats, Ints, Spheres


class Paper(Growth):
    """For D_f all spheres count equally, with their mean radius: fast; D_f scatters slightly.

    If no place at the requested distance is free, the nearest possible one is taken.
    """

    kind: Literal["paper"] = "paper"

    def grow(self, materials: Sequence[Material], rng: np.random.Generator) -> Spheres:
        """Return one aggregate."""
        radii, masses, kinds, clusters = self._start(materials, rng)
        positions = self._placed(radii, clusters, rng)
        error = self._dimension(positions, radii, masses) - number(self.fractal_dimension)
        return Spheres(positions, radii, kinds, clusters, error)

    def join(self, radii: Floats, masses: Floats, rng: np.random.Generator) -> Floats:
        """(n, 3) centres of an aggregate of given spheres, which join one by one in the given order."""
        return self._placed(radii, np.arange(len(radii)), rng)

    def _placed(self, radii: Floats, clusters: Ints, rng: np.random.Generator) -> Floats:
        return self._join(radii, np.zeros(len(radii)), clusters, number(self.fractal_dimension), 0, rng)[0]
