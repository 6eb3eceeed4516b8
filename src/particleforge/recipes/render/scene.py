"""Bodies in a scene, and the pixels each would cover alone."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from particleforge.recipes.render import kernels
from particleforge.recipes.render.material import Material
from particleforge.recipes.render.mesh import Mesh

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Silhouette:
    """A single body seen along z through the centres of pixels.

    Parameters
    ----------
    corner
        Row and column of the window's first pixel in the image; may be outside.
    top, bottom
        (Y, X) highest and lowest z in pixels; -inf and inf outside the body.
    thickness
        (Y, X) length inside the body in pixels.
    """

    corner: tuple[int, int]
    top: Floats
    bottom: Floats
    thickness: Floats

    @cached_property
    def mask(self) -> npt.NDArray[np.bool_]:
        """(Y, X) pixels that the body covers."""
        mask: npt.NDArray[np.bool_] = self.top > -np.inf
        return mask

    def overlap(self, shape: tuple[int, int]) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
        """Rows and columns of an image that the window covers, and those of the window that the image covers."""
        spans = [
            (max(0, first), max(0, min(n, first + m)))
            for first, n, m in zip(self.corner, shape, self.top.shape, strict=True)
        ]
        image = tuple(slice(low, max(low, high)) for low, high in spans)
        window = tuple(slice(s.start - c, s.stop - c) for s, c in zip(image, self.corner, strict=True))
        return (image[0], image[1]), (window[0], window[1])


def silhouette(mesh: Mesh) -> Silhouette:
    """Return the silhouette of a mesh; x and y are in pixels."""
    low = np.floor(mesh.vertices[:, :2].min(0)).astype(int)
    width, height = np.ceil(mesh.vertices[:, :2].max(0)).astype(int) - low + 1
    top, bottom = (np.full((height, width), value, np.float32) for value in (-np.inf, np.inf))
    thickness = np.zeros((height, width), np.float32)
    kernels.project(mesh.vertices - [*low, 0], mesh.faces, top, bottom, thickness)
    return Silhouette((int(low[1]), int(low[0])), top, bottom, np.maximum(thickness, 0))


@dataclass(frozen=True, eq=False)
class Skin:
    """A surface that several bodies share.

    Parameters
    ----------
    mesh
        The surface.
    owners
        (faces,) number of the body that a triangle belongs to, among the bodies with this skin.
    """

    mesh: Mesh
    owners: npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Body:
    """A particle.

    Parameters
    ----------
    mesh
        Its surface in pixels.
    name
        Its class in the truth table.
    material
        Its material.
    diameter_px
        Diameter of the sphere of equal volume.
    brightness
        Factor on the brightness of its material.
    cluster
        Number of the agglomerate it belongs to; 0 = none.
    skin
        Surface rendered instead of `mesh`, already in place; None: `mesh` is rendered.
    """

    mesh: Mesh
    name: str
    material: Material
    diameter_px: float
    brightness: float = 1.0
    cluster: int = 0
    skin: Skin | None = None

    @cached_property
    def silhouette(self) -> Silhouette:
        """The pixels it would cover alone."""
        return silhouette(self.mesh)

    def moved(self, shift: npt.ArrayLike) -> "Body":
        """Return it shifted by a vector."""
        return replace(self, mesh=self.mesh.moved(np.asarray(shift, float)))

    def turned(self, rotation: npt.NDArray[np.float64]) -> "Body":
        """Return it rotated around the origin by a (3, 3) matrix."""
        return replace(self, mesh=self.mesh.turned(rotation))


@dataclass(frozen=True, eq=False)
class Scene:
    """Everything that is rendered.

    Parameters
    ----------
    bodies
        Placed particles; number i has label i + 1.
    shape
        Height and width of the image in pixels.
    pixel_size_nm
        Side of a pixel.
    ground, ground_material
        The support and its material; None: no support.
    """

    bodies: list[Body]
    shape: tuple[int, int]
    pixel_size_nm: float
    ground: Mesh | None
    ground_material: Material

    def summed(self, values: list[float]) -> Floats:
        """(Y, X) sum over the bodies of a weight times the length inside the body in pixels."""
        total = np.zeros(self.shape, np.float32)
        for body, value in zip(self.bodies, values, strict=True):
            image, window = body.silhouette.overlap(self.shape)
            total[image] += np.float32(value) * body.silhouette.thickness[window]
        return total
