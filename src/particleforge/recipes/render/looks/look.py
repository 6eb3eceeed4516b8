"""The interface of looks."""

from abc import abstractmethod
from pathlib import Path
from typing import Annotated, TypeAlias

import numpy as np
import numpy.typing as npt

from particleforge.params import Params
from particleforge.recipes.named import by_name
from particleforge.recipes.render.engine.view import Plain, Request, Surface, View
from particleforge.recipes.render.material import Material
from particleforge.recipes.render.mesh import Mesh, merge
from particleforge.recipes.render.scene import Scene
from particleforge.registry import Kinds

Floats = npt.NDArray[np.float32]
DIFFUSE: Plain = {"type": "diffuse", "reflectance": {"type": "mesh_attribute", "name": "vertex_value"}}
"""A surface that emits the number of each vertex equally in all directions."""
ONCE: Plain = {"type": "direct", "emitter_samples": 0, "bsdf_samples": 1, "hide_emitters": True}
"""Paths from a surface straight to the sky, in a direction chosen by its BSDF."""
SKY = (32, 64)
"""Rows and columns of an image of the sky, where the light comes from."""


class Look(Params):
    """An instrument: its illumination, and what it records as an image of grey values above 0, of any scale."""

    @abstractmethod
    def image(self, scene: Scene, view: View, rng: np.random.Generator) -> Floats:
        """Return the (Y, X) grey values."""

    def request(self, scene: Scene, samples_per_pixel: int, seed: int) -> Request:
        """Return the request to Mitsuba: one surface per material."""
        alone = [i for i, body in enumerate(scene.bodies) if body.skin is None]
        surfaces = []
        for material in dict.fromkeys(scene.bodies[i].material for i in alone):
            which = np.array([i for i in alone if scene.bodies[i].material == material])
            mesh, owner = merge([scene.bodies[i].mesh for i in which])
            surfaces.append(self._surface(scene, mesh, material, which[owner]))
        for skin in dict.fromkeys(body.skin for body in scene.bodies if body.skin):
            which = np.array([i for i, body in enumerate(scene.bodies) if body.skin is skin])
            surfaces.append(self._surface(scene, skin.mesh, scene.bodies[which[0]].material, which[skin.owners]))
        if (ground := scene.ground) is not None:
            surfaces.append(self._surface(scene, ground, scene.ground_material, np.full(len(ground.faces), -1)))
        return Request(surfaces, scene.shape, self.emitters(), self.integrator(), samples_per_pixel, seed)

    def _surface(self, scene: Scene, mesh: Mesh, material: Material, owners: npt.NDArray[np.int64]) -> Surface:
        """Return triangles of one material that belong to these bodies; -1 = the ground."""
        values = self.values(mesh, material)
        if values is not None:
            factors = np.array([*(body.brightness for body in scene.bodies), 1.0], np.float32)
            of_vertex = np.empty(len(mesh.vertices), np.float32)
            of_vertex[mesh.faces] = factors[owners][:, None]
            values = values * of_vertex
        return Surface(mesh, (owners + 1).astype(np.uint32), self.bsdf(material), values)

    def bsdf(self, material: Material) -> Plain:
        """Mitsuba BSDF of a material."""
        return {"type": "diffuse"}

    def values(self, mesh: Mesh, material: Material) -> Floats | None:
        """Return numbers per vertex that the BSDF reads."""
        return None

    def emitters(self) -> list[Plain]:
        """Mitsuba emitters."""
        return []

    def integrator(self) -> Plain | None:
        """Mitsuba integrator of the image; None: the image needs visible surfaces only."""
        return None


AnyLook: TypeAlias = Annotated[Look, Kinds(Look), by_name(Path(__file__).parents[1] / "instruments")]
"""A look, or the name of a file in ``instruments``."""


def rendered(view: View) -> Floats:
    """Return the image that was requested."""
    if view.radiance is None:
        raise TypeError("this look needs a rendered image")
    return view.radiance


def sky(radiance: Floats) -> Plain:
    """Light from all around.

    Parameters
    ----------
    radiance
        `SKY` radiance by row, from straight above to straight below, and by column; see `directions`.
    """
    to_world = np.array([[1.0, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1]])
    return {"type": "envmap", "bitmap": np.repeat(radiance[..., None], 3, -1), "to_world": to_world}


def directions() -> npt.NDArray[np.float64]:
    """(*`SKY`, 3) unit vectors (x, y, z) to each pixel of a sky."""
    polar = np.pi * (np.arange(SKY[0]) + 0.5)[:, None] / SKY[0]
    azimuth = 2 * np.pi * (np.arange(SKY[1]) + 0.5)[None, :] / SKY[1]
    around = np.broadcast_arrays(np.sin(polar) * np.sin(azimuth), -np.sin(polar) * np.cos(azimuth), np.cos(polar))
    return np.stack(around, -1)
