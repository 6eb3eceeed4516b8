"""Pictures of what is known, instead of what an instrument would show."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, PerImage, PerParticle, Uniform, Within, draw_many, number
from particleforge.recipes.render.engine.view import View
from particleforge.recipes.render.looks.look import Floats, Look
from particleforge.recipes.render.scene import Scene


class Categorical(Look):
    """Every particle has one grey value."""

    kind: Literal["categorical"] = "categorical"
    grey: Annotated[Draw, PerParticle(), Within(0, 1)] = Field(
        Uniform(low=0.4, high=1), description="Grey of each particle; the background is 0."
    )

    def image(self, scene: Scene, view: View, rng: np.random.Generator) -> Floats:
        """Return greys by label."""
        greys = np.concatenate([[0.0], draw_many(self.grey, rng, len(scene.bodies))])
        return np.asarray(greys[view.labels], np.float32)


class Normals(Look):
    """Surfaces are bright where they face a direction."""

    kind: Literal["normals"] = "normals"
    azimuth_deg: Annotated[Draw, PerImage(), Within(-360, 360)] = Field(
        Uniform(low=0, high=360), description="That direction in the image's plane: 0 = right, 90 = down."
    )
    elevation_deg: Annotated[Draw, PerImage(), Within(0, 90)] = Field(
        45.0, description="That direction out of the plane; 90 = towards the viewer."
    )

    def image(self, scene: Scene, view: View, rng: np.random.Generator) -> Floats:
        """Return the cosine to the direction, 0 to 1; nothing is 0."""
        around, up = np.deg2rad(number(self.azimuth_deg)), np.deg2rad(number(self.elevation_deg))
        towards = [np.cos(up) * np.cos(around), np.cos(up) * np.sin(around), np.sin(up)]
        return np.asarray(np.clip(view.normal @ np.array(towards, np.float32), 0, 1), np.float32)


class Depth(Look):
    """What is near is bright."""

    kind: Literal["depth"] = "depth"

    def image(self, scene: Scene, view: View, rng: np.random.Generator) -> Floats:
        """Return heights; where there is nothing, that of the lowest point seen."""
        seen = np.isfinite(view.depth)
        return np.where(seen, view.depth, view.depth[seen].min() if seen.any() else 0).astype(np.float32)


class XRay(Look):
    """Dark by mass along the line of sight."""

    kind: Literal["xray"] = "xray"
    absorption: Annotated[Draw, PerImage(), Within(0.01, 100)] = Field(
        1.5, description="Optical density of the middle of a typical particle."
    )

    def image(self, scene: Scene, view: View, rng: np.random.Generator) -> Floats:
        """Return what is left of the beam; denser materials absorb more."""
        through = scene.summed([body.material.density_g_cm3 for body in scene.bodies])
        usual = np.median([body.material.density_g_cm3 * body.diameter_px for body in scene.bodies] or [1.0])
        return np.asarray(np.exp(-number(self.absorption) * through / usual), np.float32)
