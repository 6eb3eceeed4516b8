"""The interface of growth."""

import math
from abc import abstractmethod
from collections.abc import Sequence
from typing import Annotated, TypeAlias

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, PerImage, Uniform, Within, number
from particleforge.errors import UserError
from particleforge.params import Params
from particleforge.recipes.aggregate.growth import _kernels as kernels
from particleforge.recipes.aggregate.material import Material
from particleforge.recipes.aggregate.spheres import Floats, Ints, Spheres
from particleforge.registry import Kinds

TRIES = 100
"""Number of tries before a placement counts as impossible."""


class Growth(Params):
    """Spheres join into primary clusters of one material, and these into an aggregate, one after another.

    At each step the power law n = k_f (R_g / mean radius)^D_f gives the distance between the two parts (Filippov et
    al., J. Colloid Interface Sci. 2000, 229, 261), and the place is uniform among those with contact and no overlap.
    The last cluster is cut to give the requested number of particles.
    """

    particles: Annotated[Draw, PerImage(), Within(1, 5000)] = Field(
        Uniform(low=19.51, high=70.49), description="Number of primary particles, rounded."
    )
    fractal_dimension: Annotated[Draw, PerImage(), Within(1, 3)] = Field(
        Uniform(low=1.5, high=2.5), description="Fractal dimension D_f: 1 = straight chain, 3 = compact sphere."
    )
    prefactor: Annotated[Draw, PerImage(), Within(0.1, 10)] = Field(1.3, description="Prefactor k_f of the power law.")
    self_term: float = Field(
        0.6,
        ge=0,
        le=1,
        description="Ratio of a sphere's own squared radius of gyration to its squared radius: 0.6 for a solid one; "
        "0 and 1 are in use, too. k_f depends on it.",
    )
    contact_factor: float = Field(
        1.005, ge=1.000001, le=1.5, description="Ratio of the largest to the smallest distance of spheres in contact."
    )
    overlap: Annotated[Draw, PerImage(), Within(0, 0.5)] = Field(
        0.0,
        description="Sintering: how much closer spheres may be than just touching, as a share of that distance.",
    )

    @abstractmethod
    def grow(self, materials: Sequence[Material], rng: np.random.Generator) -> Spheres:
        """Return one aggregate. Called on parameters whose per-image draws are fixed.

        Raises
        ------
        UserError
            If there is no such aggregate.
        """

    @abstractmethod
    def join(self, radii: Floats, masses: Floats, rng: np.random.Generator) -> Floats:
        """(n, 3) centres of an aggregate of given spheres, which join one by one in the given order.

        Raises
        ------
        UserError
            If there is no such aggregate.
        """

    def _start(self, materials: Sequence[Material], rng: np.random.Generator) -> tuple[Floats, Floats, Ints, Ints]:
        """Radii in nm, masses, materials and clusters of all spheres, cluster by cluster."""
        count = round(number(self.particles))
        sizes = np.array([round(number(material.cluster_size)) for material in materials])
        chances = _shares(materials) / sizes
        chosen = rng.choice(len(sizes), count, p=chances / chances.sum())
        clusters = np.repeat(np.arange(count), sizes[chosen])[:count]
        kinds = chosen[clusters]
        drawn = [(number(one.radius_nm), number(one.gsd), one.density_g_cm3) for one in materials]
        medians, gsds, densities = np.array(drawn)[kinds].T
        radii = medians * gsds ** rng.standard_normal(count)
        masses = densities * radii**3
        return radii, masses, kinds, clusters

    def _join(
        self, radii: Floats, masses: Floats, clusters: Ints, dimension: float, repeats: int, rng: np.random.Generator
    ) -> tuple[Floats, bool]:
        """Positions, and whether the last cluster is at the distance of the power law."""
        ends = np.append(np.flatnonzero(np.diff(clusters)) + 1, len(radii))
        if len(ends) == 1:  # a single cluster grows particle by particle, too
            ends = np.arange(1, len(radii) + 1)
        starts = np.append(0, ends[:-1])
        within = [(a, i, i + 1, b) for a, b in zip(starts, ends, strict=True) for i in range(a + 1, b)]
        among = [(0, a, b, len(radii)) for a, b in zip(starts[1:], ends[1:], strict=True)]
        steps = np.array(within + among, np.int64).reshape(-1, 4)
        count, mean, share = _wholes(steps, radii, masses)
        targets = np.stack([mean**2 * (count * share / number(self.prefactor)) ** (2 / dimension), mean], -1)
        nearest = 1 - number(self.overlap)
        contact = nearest, nearest * self.contact_factor
        grown: tuple[Floats, bool] = kernels.grow(
            radii, masses, steps[:, :3].copy(), targets, self.self_term, contact, (TRIES, len(within), repeats), rng
        )
        return grown

    def _dimension(self, positions: Floats, radii: Floats, masses: Floats) -> float:
        """D_f by the radius of gyration; nan if undefined."""
        square = kernels.moments(positions, radii, masses, 0, len(radii), self.self_term, 0.0)[4] / radii.mean() ** 2
        if len(radii) == 1 or square <= 1:
            return math.nan
        return 2 * math.log(len(radii) / number(self.prefactor)) / math.log(square)


AnyGrowth: TypeAlias = Annotated[Growth, Kinds(Growth)]


def _shares(materials: Sequence[Material]) -> Floats:
    """Share of each material; those without a share split the rest equally."""
    given = [None if material.share is None else number(material.share) for material in materials]
    rest = max(0.0, 1 - sum(share for share in given if share is not None)) / max(1, given.count(None))
    shares = np.array([rest if share is None else share for share in given])
    if not shares.any():
        raise UserError("The shares of all materials are 0.", "Set the share of at least one material above 0.")
    return shares


def _wholes(steps: Ints, radii: Floats, masses: Floats) -> tuple[Floats, Floats, Floats]:
    """For the cluster each step builds: number of spheres, their mean radius, and the share present after the step.

    If spheres have masses, the share is by mass: by number, a small sphere would have to be too far out to satisfy the
    power law.
    """
    first, _, end, last = steps.T
    sums = [np.append(0, np.cumsum(of)) for of in (radii, masses if masses.any() else np.ones(len(radii)))]
    count = (last - first).astype(float)
    share = (sums[1][end] - sums[1][first]) / (sums[1][last] - sums[1][first])
    return count, (sums[0][last] - sums[0][first]) / count, share
