"""What is sent to Mitsuba and what comes back, as arrays and plain data."""

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
        (faces,) number of the particle each triangle belongs to; 0 for what is none.
    bsdf
        Plain data of a Mitsuba BSDF.
    values
        One number per vertex, which the BSDF reads as the mesh attribute ``vertex_value``; None: it reads none.
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
        What is there.
    shape
        Height and width of the image in pixels.
    emitters
        Plain data of Mitsuba emitters; arrays stand for bitmaps.
    integrator
        Plain data of the Mitsuba integrator that makes the image; None: truth only.
    samples_per_pixel, seed
        Of the image.
    """

    surfaces: list[Surface]
    shape: tuple[int, int]
    emitters: list[Plain] = field(default_factory=list)
    integrator: Plain | None = None
    samples_per_pixel: int = 16
    seed: int = 0


@dataclass(frozen=True, eq=False)
class View:
    """What is seen through the middle of every pixel, and the image.

    Parameters
    ----------
    labels
        (Y, X) uint32 number of the particle; 0 = none.
    position
        (Y, X, 3) float32 point that is seen, in pixels as in `Surface`; nan where there is nothing.
    normal
        (Y, X, 3) float32 shading normal there; 0 where there is nothing.
    radiance
        (Y, X) float32 image; None where none was asked for.
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
        """(Y, X) float32 height of what is seen, in pixels towards the viewer."""
        height: Floats = self.position[..., 2]
        return height
