"""Clusters grown from flying particles."""

from dataclasses import replace
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from particleforge.draws import Draw, LogUniform, PerImage, PerParticle, Uniform, Within, draw, number
from particleforge.errors import UserError
from particleforge.recipes.render.mesh import merge, random_rotation
from particleforge.recipes.render.metaball import metaball
from particleforge.recipes.render.placement import _kernels as kernels
from particleforge.recipes.render.placement.placement import Floats, Placement
from particleforge.recipes.render.placement.scattered import Scattered
from particleforge.recipes.render.scene import Body, Skin

Places = npt.NDArray[np.float64]


def scatter_clusters(
    clusters: list[list[Body]], scatter: Scattered, ground: Floats, rng: np.random.Generator
) -> list[list[Body]]:
    """Scatter clusters of bodies, each centred on the origin, as if each cluster were one body.

    Raises
    ------
    UserError
        If some do not find a place.
    """
    whole = [replace(part[0], mesh=merge([body.mesh for body in part])[0]) for part in clusters]
    try:
        lying = scatter.place(whole, ground, rng)
    except UserError as error:
        height, width = ground.shape
        raise UserError(
            f"{len(clusters)} clusters of {sum(map(len, clusters))} particles do not fit into {height} x {width} px.",
            "Request fewer or smaller particles, smaller clusters, or a larger image.",
        ) from error
    shifts = [after.mesh.vertices[0] - before.mesh.vertices[0] for before, after in zip(whole, lying, strict=True)]
    return [[body.moved(shift) for body in part] for part, shift in zip(clusters, shifts, strict=True)]


class Agglomerate(Placement):
    """Clusters, ballistic to diffusion-limited, loose to sintered; every primary particle stays an instance of its own.

    Particles count as spheres of equal volume; meant for spheres and nearly round particles.
    """

    kind: Literal["agglomerate"] = "agglomerate"
    size: Annotated[Draw, PerParticle(), Within(1, 10_000)] = Field(
        Uniform(low=8, high=30), description="Number of particles in a cluster, rounded; drawn per cluster."
    )
    free_path: Annotated[Draw, PerImage(), Within(0.05, 1000)] = Field(
        LogUniform(low=0.2, high=100),
        description="Flight distance between two turns, in mean diameters: small = diffusive, large = ballistic.",
    )
    sintering: Annotated[Draw, PerImage(), Within(0, 0.9)] = Field(
        Uniform(low=0, high=0.2), description="Share by which touching particles have moved closer."
    )
    neck: Annotated[Draw, PerImage(), Within(0, 1)] = Field(
        0.0, description="Width of the necks between them relative to their mean radius; 0: no necks."
    )
    scatter: Scattered = Field(Scattered(cut_by_border=False, clustering=0), description="Arrangement of the clusters.")

    def place(self, bodies: list[Body], ground: Floats, rng: np.random.Generator) -> list[Body]:
        """Grow clusters at the origin, then scatter them."""
        clusters: list[list[int]] = []
        left = list(rng.permutation(len(bodies)))
        while left:
            count = max(1, round(draw(self.size, rng)))
            clusters.append(sorted(int(i) for i in left[:count]))
            left = left[count:]
        grown = [
            [
                replace(bodies[i], cluster=k).moved(place)
                for i, place in zip(which, self._grow(bodies, which, rng), strict=True)
            ]
            for k, which in enumerate(clusters, 1)
        ]
        scattered = scatter_clusters(grown, self.scatter, ground, rng)
        placed = {
            i: body
            for which, part in zip(clusters, scattered, strict=True)
            for i, body in zip(which, self._sintered(part), strict=True)
        }
        return [placed[i] for i in range(len(bodies))]

    def _grow(self, bodies: list[Body], which: list[int], rng: np.random.Generator) -> Places:
        """(n, 3) positions of the particles of a cluster around the origin."""
        radii = np.array([bodies[i].diameter_px / 2 for i in which])
        places = np.empty((len(which), 3))
        kernels.grow(radii * (1 - number(self.sintering)), 2 * number(self.free_path) * radii.mean(), rng, places)
        return np.asarray((places - places.mean(0)) @ random_rotation(rng).T, float)

    def _sintered(self, part: list[Body]) -> list[Body]:
        """Return the particles of a cluster with a common skin if there are necks."""
        if not number(self.neck) or len(part) == 1:
            return part
        centres = np.array([body.mesh.centroid for body in part])
        radii = np.array([body.diameter_px / 2 for body in part])
        mesh = metaball(centres, radii, number(self.neck) * radii.mean(), max(1.0, radii.min() / 6))
        middles = mesh.vertices[mesh.faces].mean(1)
        owners = np.full(len(middles), 0)
        nearest = np.full(len(middles), np.inf)
        for k, (centre, radius) in enumerate(zip(centres, radii, strict=True)):
            away = np.linalg.norm(middles - centre, axis=1) - radius
            owners[away < nearest] = k
            nearest = np.minimum(away, nearest)
        skin = Skin(mesh, owners)
        return [replace(body, skin=skin) for body in part]
