"""Particles of one kind."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator

from particleforge.draws import Distribution, Draw, LogNormal, OneOf, PerParticle, Uniform, Within, draw_many
from particleforge.errors import UserError
from particleforge.params import Params
from particleforge.recipes.render.geometry.geometry import AnyGeometry
from particleforge.recipes.render.geometry.sphere import Sphere
from particleforge.recipes.render.material import AnyMaterial, Material
from particleforge.recipes.render.mesh import Mesh, random_rotation, turn_in_plane
from particleforge.recipes.render.scene import Body

LEAST_PX = 1.5
"""Smallest diameter of a particle, in pixels."""
MOST_PX = 16384
"""Largest diameter of a particle, in pixels: twice the side of the largest image."""
LEVELS_PX = (0.0, 20.0, 100.0)
"""Diameters from which on meshes have 20 * 4**2, 4**3 and 4**4 triangles."""


class Population(Params):
    """Particles of one kind: shape, size, material."""

    name: str = Field("", description="Class in the truth table; empty: the kind of geometry.")
    geometries: Annotated[tuple[AnyGeometry, ...], OneOf()] = Field(
        (Sphere(),), min_length=1, description="Shapes to choose from."
    )
    diameter_nm: Annotated[Draw, PerParticle(), Within(0)] = Field(
        LogNormal(median=60, gsd=1.15), description="Diameter of the sphere of equal volume."
    )
    share: float = Field(1.0, gt=0, description="Share of the number of particles, relative to the other populations.")
    material: AnyMaterial = Field(Material(), description="Material of the particles, such as gold.")
    orientation: Literal["random", "lying"] = Field(
        "random", description="random: any orientation; lying: shortest axis up, any angle in the image plane."
    )
    brightness: Annotated[Draw, PerParticle(), Within(0, 10)] = Field(
        Uniform(low=0.93, high=1.07), description="Factor on the brightness of the material, drawn for each particle."
    )

    @model_validator(mode="after")
    def _of_some_size(self) -> "Population":
        sizes = self.diameter_nm
        if (sizes.support[1] if isinstance(sizes, Distribution) else sizes) <= 0:
            raise ValueError("diameter_nm is 0; particles need a size")
        return self

    def draw(self, rng: np.random.Generator, count: int, pixel_size_nm: float) -> list[Body]:
        """Draw particles centred on the origin.

        Raises
        ------
        UserError
            If one is smaller than `LEAST_PX` or larger than `MOST_PX`.
        """
        geometry = self.geometries[0]
        diameters = draw_many(self.diameter_nm, rng, count) / pixel_size_nm
        if count and diameters.min() < LEAST_PX:
            raise UserError(
                f"A particle of {diameters.min() * pixel_size_nm:.3g} nm was drawn: {diameters.min():.2g} px; "
                f"{LEAST_PX} px can be seen.",
                "Make particles larger, or pixel_size_nm smaller.",
            )
        if count and diameters.max() > MOST_PX:
            raise UserError(
                f"A particle of {diameters.max() * pixel_size_nm:.3g} nm was drawn: {diameters.max():.3g} px; at most "
                f"{MOST_PX} px are possible.",
                "Make particles smaller, or pixel_size_nm larger.",
            )
        brightness = draw_many(self.brightness, rng, count)
        bodies = []
        for diameter, factor in zip(diameters, brightness, strict=True):
            level = 1 + int(np.searchsorted(LEVELS_PX, diameter))
            mesh = self._oriented(geometry.draw(rng, level), rng).scaled(diameter)
            bodies.append(Body(mesh, self.name or geometry.kind, self.material, float(diameter), float(factor)))
        return bodies

    def _oriented(self, mesh: Mesh, rng: np.random.Generator) -> Mesh:
        if self.orientation == "random":
            return mesh.turned(random_rotation(rng))
        return mesh.turned(turn_in_plane(rng.uniform(0, 2 * np.pi)))
