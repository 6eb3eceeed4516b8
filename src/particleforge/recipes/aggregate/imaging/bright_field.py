"""Bright-field transmission electron microscopy."""

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import Field

from particleforge.recipes.aggregate.imaging.imaging import Image, Imaging, project, thicknesses
from particleforge.recipes.aggregate.material import Material
from particleforge.recipes.aggregate.spheres import Spheres
from particleforge.recipes.aggregate.view import View

BACKWARDS_MRAD = 1000 * math.pi


class BrightField(Imaging):
    """Mass-thickness contrast: electrons scattered elastically outside the objective aperture are lost."""

    kind: Literal["bright_field"] = "bright_field"
    voltage_kv: float = Field(200.0, ge=10, le=3000, description="Acceleration voltage.")
    aperture_mrad: float = Field(10.0, gt=0, le=200, description="Half angle of the objective aperture.")
    blur_nm: float = Field(0.3, ge=0, le=100, description="Standard deviation of the point spread.")

    def expose(self, view: View, spheres: Spheres, materials: Sequence[Material], rng: np.random.Generator) -> Image:
        """Return the share of the electrons that pass the aperture."""
        angles = (self.aperture_mrad, BACKWARDS_MRAD)
        coefficients = self._coefficients(spheres, materials, angles, rng)
        pairs = zip(coefficients, spheres.radii_nm, strict=True)
        curves = (coefficient * thicknesses(radius) for coefficient, radius in pairs)
        sigmas = np.full(len(spheres), self.blur_nm / view.pixel_size_nm)
        lost = project(view, curves, sigmas) + np.float32(self._film(angles))
        return self._count(np.exp(-lost), rng)
