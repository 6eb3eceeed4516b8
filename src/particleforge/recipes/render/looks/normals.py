"""Surfaces shaded by the direction they face."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, PerImage, Uniform, Within, number
from particleforge.recipes.render.engine.view import View
from particleforge.recipes.render.looks.look import Floats, Look
from particleforge.recipes.render.scene import Scene


class Normals(Look):
    """Surfaces are bright where they face a direction."""

    kind: Literal["normals"] = "normals"
    azimuth_deg: Annotated[Draw, PerImage(), Within(-360, 360)] = Field(
        Uniform(low=0, high=360), description="Angle of this direction in the image plane: 0 = right, 90 = down."
    )
    elevation_deg: Annotated[Draw, PerImage(), Within(0, 90)] = Field(
        45.0, description="Angle of this direction out of the plane; 90 = towards the viewer."
    )

    def image(self, scene: Scene, view: View, rng: np.random.Generator) -> Floats:
        """Return the cosine of the angle to the direction, 0 to 1; empty pixels are 0."""
        around, up = np.deg2rad(number(self.azimuth_deg)), np.deg2rad(number(self.elevation_deg))
        towards = [np.cos(up) * np.cos(around), np.cos(up) * np.sin(around), np.sin(up)]
        return np.asarray(np.clip(view.normal @ np.array(towards, np.float32), 0, 1), np.float32)
