"""Growth with the very fractal dimension that is asked for."""

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import Field

from particleforge.draws import number
from particleforge.errors import UserError
from particleforge.recipes.aggregate.growth.growth import Growth
from particleforge.recipes.aggregate.material import Material
from particleforge.recipes.aggregate.spheres import Floats, Ints, Spheres

EXTREMES = (0.5, 10.0)
"""Fractal dimensions nothing can reach: as stretched and as dense as can be."""


class Exact(Growth):
    """Masses and radii of all spheres count (Moran et al., Atmos. Meas. Tech. 2019, 12, 149): D_f is met.

    Clusters that leave the last one no place are taken off and put again.
    """

    kind: Literal["exact"] = "exact"
    tolerance: float = Field(
        0.001, gt=0, le=1, description="Error of D_f that is accepted where nothing better is found."
    )
    repeats: int = Field(5000, ge=0, le=10_000_000, description="Clusters put again before radii are drawn anew.")
    restarts: int = Field(5, ge=1, le=10_000, description="Sets of radii that are tried before giving up.")

    def grow(self, materials: Sequence[Material], rng: np.random.Generator) -> Spheres:
        """Return one aggregate.

        Raises
        ------
        UserError
            If none with this D_f is found; it says which can be had.
        """
        for _ in range(self.restarts):
            radii, masses, kinds, clusters = self._start(materials, rng)
            positions, error, met = self._met(radii, masses, clusters, rng)
            if met:
                return Spheres(positions, radii, kinds, clusters, error)
        raise self._infeasible(radii, masses, clusters, rng)

    def join(self, radii: Floats, masses: Floats, rng: np.random.Generator) -> Floats:
        """(n, 3) centres of an aggregate of given spheres, which join one by one in their order.

        Raises
        ------
        UserError
            If none with this D_f is found; it says which can be had.
        """
        clusters = np.arange(len(radii))
        for _ in range(self.restarts):
            positions, _, met = self._met(radii, masses, clusters, rng)
            if met:
                return positions
        raise self._infeasible(radii, masses, clusters, rng)

    def _met(
        self, radii: Floats, masses: Floats, clusters: Ints, rng: np.random.Generator
    ) -> tuple[Floats, float, bool]:
        """Positions, error of D_f, and whether it can be accepted."""
        wanted = number(self.fractal_dimension)
        positions, exact = self._join(radii, masses, clusters, wanted, self.repeats, rng)
        error = self._dimension(positions, radii, masses) - wanted
        return positions, error, exact or abs(error) <= self.tolerance

    def _infeasible(self, radii: Floats, masses: Floats, clusters: Ints, rng: np.random.Generator) -> UserError:
        """Say what can be had with these spheres."""
        grown = [self._join(radii, masses, clusters, extreme, 0, rng)[0] for extreme in EXTREMES]
        low, high = (self._dimension(positions, radii, masses) for positions in grown)
        wanted, prefactor = number(self.fractal_dimension), number(self.prefactor)
        ends = "no fractal dimension" if math.isnan(low + high) else f"D_f from about {low:.2f} to {high:.2f}"
        return UserError(
            f"No aggregate of {len(radii)} particles with D_f {wanted:g} and k_f {prefactor:g} was found; with this "
            f"k_f they can have {ends}.",
            "Choose another fractal_dimension, prefactor or cluster size, or growth of kind paper.",
        )
