"""Scanning transmission electron microscopy with an annular dark-field detector."""

import math
from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, PerImage, Within, number
from particleforge.recipes.aggregate import table
from particleforge.recipes.aggregate.detector import AnyDetector, Detector
from particleforge.recipes.aggregate.imaging.imaging import Image, Imaging, project, thicknesses
from particleforge.recipes.aggregate.material import Material
from particleforge.recipes.aggregate.spheres import Floats, Spheres
from particleforge.recipes.aggregate.view import View


class Haadf(Imaging):
    """HAADF-STEM: each sphere scatters according to its thickness and is blurred by its distance from the focus."""

    kind: Literal["haadf"] = "haadf"
    detector: AnyDetector = Field(Detector(), description="Range of detected angles.")
    semi_convergence_mrad: float = Field(21.0, ge=0, le=200, description="Half angle of the cone of the beam.")
    defocus_nm: Annotated[Draw, PerImage(), Within(-5000, 5000)] = Field(
        0.0, description="Height of the focus above the centre of the aggregate."
    )
    blur_factor: float = Field(
        0.5,
        ge=0,
        le=2,
        description="Ratio of the blur's standard deviation to the radius of the beam's cone; 0.5: a filled cone.",
    )
    probe_nm: float = Field(0.05, ge=0, le=100, description="Standard deviation of the focused probe.")
    jitter_px: Annotated[Draw, PerImage(), Within(0, 20)] = Field(
        0.1, description="Standard deviation of the row shifts."
    )

    def expose(self, view: View, spheres: Spheres, materials: Sequence[Material], rng: np.random.Generator) -> Image:
        """Return the share of the electrons that reach the detector."""
        angles = (self.detector.inner_mrad, self.detector.outer_mrad)
        curves = self._curves(spheres, materials, angles, rng)
        cone = np.abs(view.heights_nm - number(self.defocus_nm)) * math.tan(self.semi_convergence_mrad / 1000)
        sigmas = np.hypot(self.probe_nm, self.blur_factor * cone) / view.pixel_size_nm
        image = project(view, curves, sigmas) - np.float32(math.expm1(-self._film(angles)))
        return self._count(shift_rows(image, number(self.jitter_px), rng), rng)

    def _curves(
        self,
        spheres: Spheres,
        materials: Sequence[Material],
        range_mrad: tuple[float, float],
        rng: np.random.Generator,
    ) -> list[Floats]:
        """Signal of each sphere at its thicknesses; crystals: of a random one in a random direction of the table."""
        coefficients = self._coefficients(spheres, materials, range_mrad, rng)
        depths = [thicknesses(radius) for radius in spheres.radii_nm]
        curves = [-np.expm1(-coefficient * depth) for coefficient, depth in zip(coefficients, depths, strict=True)]
        for i, material in enumerate(materials):
            if material.crystals and table.covers(self.voltage_kv, range_mrad[0]):
                choices = np.concatenate([table.signals(crystal, range_mrad) for crystal in material.crystals])
                for k in np.flatnonzero(spheres.materials == i):
                    curves[k] = table.curve(rng.choice(choices), depths[k])
        return curves


def shift_rows(image: Image, sd_px: float, rng: np.random.Generator) -> Image:
    """Shift every row by a normally distributed number of pixels."""
    if not sd_px:
        return image
    shifts = rng.normal(0, sd_px, (len(image), 1))
    whole = np.floor(shifts).astype(int)
    share = (shifts - whole).astype(np.float32)
    columns = np.arange(image.shape[1]) + whole
    left, right = (np.take_along_axis(image, np.clip(columns + k, 0, image.shape[1] - 1), 1) for k in (0, 1))
    return np.asarray(left + share * (right - left), np.float32)
