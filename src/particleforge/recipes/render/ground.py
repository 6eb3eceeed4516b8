"""The support under the particles."""

from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import Field

from particleforge.draws import Draw, LogUniform, PerImage, Uniform, Within, number
from particleforge.params import Params
from particleforge.recipes.noise import cloud
from particleforge.recipes.render.material import AnyMaterial, Material
from particleforge.recipes.render.mesh import Mesh

STEP_PX = 2
"""Distance between points of its surface; bumps are at least twice as wide."""
OUTSIDE = 0.5
"""Extent of the ground outside the image, relative to the longer side of the image."""


class Ground(Params):
    """A flat or bumpy support."""

    present: bool = Field(True, description="Whether there is a support; otherwise particles float in empty space.")
    material: AnyMaterial = Field(
        Material(name="silicon", se_yield=0.6, atomic_number=14), description="Material of the support."
    )
    roughness_nm: Annotated[Draw, PerImage(), Within(0, 1e6)] = Field(
        Uniform(low=0, high=1.5), description="Standard deviation of the height of the support."
    )
    bump_nm: Annotated[Draw, PerImage(), Within(0.1, 1e7)] = Field(
        LogUniform(low=10, high=100), description="Width of the largest bumps of the support."
    )

    def heights(
        self, shape: tuple[int, int], pixel_size_nm: float, rng: np.random.Generator
    ) -> npt.NDArray[np.float32]:
        """(Y, X) heights in pixels; the highest is 0."""
        if not (roughness := number(self.roughness_nm) / pixel_size_nm):
            return np.zeros(shape, np.float32)
        bump = max(2.0 * STEP_PX, number(self.bump_nm) / pixel_size_nm)
        heights = np.float32(roughness) * cloud(shape, bump, max(2.0 * STEP_PX, bump / 8), rng)
        return np.asarray(heights - heights.max(), np.float32)

    def mesh(self, heights: npt.NDArray[np.float32]) -> Mesh | None:
        """Surface through the heights at the centres of pixels, flat outside the image; None: no ground."""
        if not self.present:
            return None
        height, width = heights.shape
        if not heights.any():
            return _grid(np.zeros((2, 2)), np.array([-height, 2.0 * height]), np.array([-width, 2.0 * width]))
        padded = np.pad(heights[::STEP_PX, ::STEP_PX].astype(float), 1, mode="edge")
        outside = OUTSIDE * max(height, width)
        y, x = (np.concatenate([[-outside], np.arange(0, n, STEP_PX) + 0.5, [n + outside]]) for n in (height, width))
        return _grid(padded, y, x)


def _grid(heights: npt.NDArray[np.float64], y: npt.NDArray[np.float64], x: npt.NDArray[np.float64]) -> Mesh:
    """Surface over a grid with normals towards the viewer."""
    points = np.stack([*np.meshgrid(x, y), heights], -1).reshape(-1, 3)
    number = np.arange(heights.size).reshape(heights.shape)
    a, b, c, d = (part.ravel() for part in (number[:-1, :-1], number[:-1, 1:], number[1:, 1:], number[1:, :-1]))
    return Mesh(points, np.concatenate([np.stack([a, b, c], -1), np.stack([a, c, d], -1)]).astype(np.int32))
