"""A light microscope."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, PerImage, Uniform, Within, number
from particleforge.recipes.blur import gaussian_blur
from particleforge.recipes.render.engine.view import Plain, View
from particleforge.recipes.render.looks.look import Floats, Look, directions, rendered, sky
from particleforge.recipes.render.material import Material
from particleforge.recipes.render.scene import Scene

OPAQUE = 0.05
"""Materials with a larger extinction are opaque."""


class Optical(Look):
    """Light through a condenser (bright field), from a ring outside the objective's cone (dark field), or from above.

    Mitsuba traces the rays: a transparent particle is a lens, and dark where it refracts light out of the cone.
    """

    kind: Literal["optical"] = "optical"
    illumination: Literal["bright", "dark", "reflected"] = Field("bright", description="Direction of the light.")
    condenser_deg: Annotated[Draw, PerImage(), Within(1, 80)] = Field(
        Uniform(low=15, high=35),
        description="Half angle of the cone of light, or inner half angle of the dark-field ring.",
    )
    medium: float = Field(1.0, ge=1, le=2, description="Refractive index around the particles: air 1, water 1.33.")
    defocus_px: Annotated[Draw, PerImage(), Within(0, 50)] = Field(
        Uniform(low=0.4, high=1.5), description="Blur of the optics, Gaussian sigma."
    )

    def bsdf(self, material: Material) -> Plain:
        """Return a transparent or a metallic surface."""
        if material.extinction > OPAQUE:
            conductor = {"eta": material.refractive_index / self.medium, "k": material.extinction / self.medium}
            return {"type": "twosided", "surface": {"type": "roughconductor", "alpha": 0.15} | conductor}
        return {"type": "dielectric", "int_ior": material.refractive_index, "ext_ior": self.medium}

    def emitters(self) -> list[Plain]:
        """Return the lamp as a sky, soft at the edge of its cone."""
        height = directions()[..., 2]
        polar = np.rad2deg(np.arccos(height if self.illumination == "reflected" else -height))
        edge = 1 / (1 + np.exp((polar - number(self.condenser_deg)) / 2))
        ring = 1 / (1 + np.exp((number(self.condenser_deg) - polar) / 2)) * (polar < 75)
        return [sky((ring if self.illumination == "dark" else edge).astype(np.float32))]

    def integrator(self) -> Plain:
        """Return paths of light through a few particles."""
        return {"type": "path", "max_depth": 12}

    def image(self, scene: Scene, view: View, rng: np.random.Generator) -> Floats:
        """Return the rendered image, blurred."""
        return gaussian_blur(rendered(view), number(self.defocus_px))
