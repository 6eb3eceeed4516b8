"""Growth with exactly the requested fractal dimension."""

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
"""Unreachable fractal dimensions, for the most stretched and the densest aggregates."""


class Exact(Growth):
    """Exact D_f: the mass and radius of every sphere count (Moran et al., Atmos. Meas. Tech. 2019, 12, 149).

    Clusters that leave no place for the last one are removed and placed again.
    """

    kind: Literal["exact"] = "exact"
    tolerance: float = Field(0.001, gt=0, le=1, description="Largest accepted error of D_f.")
    repeats: int = Field(
        5000, ge=0, le=10_000_000, description="Number of clusters placed again before new radii are drawn."
    )
    restarts: int = Field(5, ge=1, le=10_000, description="Number of sets of radii tried before giving up.")

    def grow(self, materials: Sequence[Material], rng: np.random.Generator) -> Spheres:
        """Return one aggregate.

        Raises
        ------
        UserError
            If no aggregate with this D_f is found; the message gives the possible range.
        """
        for _ in range(self.restarts):
            radii, masses, kinds, clusters = self._start(materials, rng)
            positions, error, met = self._met(radii, masses, clusters, rng)
            if met:
                return Spheres(positions, radii, kinds, clusters, error)
        raise self._infeasible(radii, masses, clusters, rng)

    def join(self, radii: Floats, masses: Floats, rng: np.random.Generator) -> Floats:
        """(n, 3) centres of an aggregate of given spheres, which join one by one in the given order.

        Raises
        ------
        UserError
            If no aggregate with this D_f is found; the message gives the possible range.
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
        """Positions, error of D_f, and whether it is acceptable."""
        wanted = number(self.fractal_dimension)
        positions, exact = self._join(radii, masses, clusters, wanted, self.repeats, rng)
        error = self._dimension(positions, radii, masses) - wanted
        return positions, error, exact or abs(error) <= self.tolerance

    def _infeasible(self, radii: Floats, masses: Floats, clusters: Ints, rng: np.random.Generator) -> UserError:
        """Return the error that reports the possible range of D_f."""
        grown = [self._join(radii, masses, clusters, extreme, 0, rng)[0] for extreme in EXTREMES]
        low, high = (self._dimension(positions, radii, masses) for positions in grown)
        wanted, prefactor = number(self.fractal_dimension), number(self.prefactor)
        ends = "no fractal dimension" if math.isnan(low + high) else f"D_f from about {low:.2f} to {high:.2f}"
        return UserError(
            f"No aggregate of {len(radii)} particles with D_f {wanted:g} and k_f {prefactor:g} was found; with this "
            f"k_f they can have {ends}.",
            "Choose another fractal_dimension, prefactor or cluster size, or growth of kind paper.",
        )
