"""Requests to Mitsuba and its answers, as arrays and plain data."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from particleforge.recipes.render.mesh import Mesh

Floats = npt.NDArray[np.float32]
Plain = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Surface:
    """Bodies of one material.

    Parameters
    ----------
    mesh
        All of them; x and y in pixels from the image's upper left corner, z in pixels towards the viewer.
    labels
        (faces,) number of the particle each triangle belongs to; 0: no particle.
    bsdf
        Plain data of a Mitsuba BSDF.
    values
        One number per vertex, which the BSDF reads as the mesh attribute ``vertex_value``; None: not needed.
    """

    mesh: Mesh
    labels: npt.NDArray[np.uint32]
    bsdf: Plain
    values: Floats | None = None


@dataclass(frozen=True, eq=False)
class Request:
    """One scene to be rendered from above, without perspective.

    Parameters
    ----------
    surfaces
        All surfaces of the scene.
    shape
        Height and width of the image in pixels.
    emitters
        Plain data of Mitsuba emitters; arrays represent bitmaps.
    integrator
        Plain data of the Mitsuba integrator that makes the image; None: truth only.
    samples_per_pixel, seed
        Number of samples per pixel, and random seed, of the image.
    """

    surfaces: list[Surface]
    shape: tuple[int, int]
    emitters: list[Plain] = field(default_factory=list)
    integrator: Plain | None = None
    samples_per_pixel: int = 16
    seed: int = 0


@dataclass(frozen=True, eq=False)
class View:
    """What is visible through the centre of every pixel, and the image.

    Parameters
    ----------
    labels
        (Y, X) uint32 number of the particle; 0 = none.
    position
        (Y, X, 3) float32 visible point, in pixels as in `Surface`; nan in empty pixels.
    normal
        (Y, X, 3) float32 shading normal there; 0 in empty pixels.
    radiance
        (Y, X) float32 image; None if none was requested.
    variant
        Mitsuba variant that rendered it.
    """

    labels: npt.NDArray[np.uint32]
    position: Floats
    normal: Floats
    radiance: Floats | None
    variant: str

    @property
    def depth(self) -> Floats:
        """(Y, X) float32 height of the visible points, in pixels towards the viewer."""
        height: Floats = self.position[..., 2]
        return height
