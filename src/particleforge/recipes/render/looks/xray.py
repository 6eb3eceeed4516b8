"""Mass along the line of sight."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, PerImage, Within, number
from particleforge.recipes.render.engine.view import View
from particleforge.recipes.render.looks.look import Floats, Look
from particleforge.recipes.render.scene import Scene


class XRay(Look):
    """Darker with more mass along the line of sight."""

    kind: Literal["xray"] = "xray"
    absorption: Annotated[Draw, PerImage(), Within(0.01, 100)] = Field(
        1.5, description="Optical density at the centre of a typical particle."
    )

    def image(self, scene: Scene, view: View, rng: np.random.Generator) -> Floats:
        """Return the transmitted share of the beam; denser materials absorb more."""
        through = scene.summed([body.material.density_g_cm3 for body in scene.bodies])
        usual = np.median([body.material.density_g_cm3 * body.diameter_px for body in scene.bodies] or [1.0])
        return np.asarray(np.exp(-number(self.absorption) * through / usual), np.float32)
