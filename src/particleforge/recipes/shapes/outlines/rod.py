"""Rods with round or square ends, straight or bent."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, PerImage, PerParticle, Uniform, Within, draw_many
from particleforge.recipes.shapes.outlines.outline import POINTS, Floats, Outline


class Rod(Outline):
    """A rod of even width."""

    kind: Literal["rod"] = "rod"
    aspect: Annotated[Draw, PerParticle(), Within(1, 30)] = Field(
        Uniform(low=2, high=6), description="Ratio of length to width."
    )
    squareness: Annotated[Draw, PerImage(), Within(0, 1)] = Field(
        Uniform(low=0, high=0.8), description="Shape of the ends: 0 = half circles, 1 = square."
    )
    bend_deg: Annotated[Draw, PerParticle(), Within(-180, 180)] = Field(
        0.0, description="Angle between the two ends of a bent rod."
    )

    def trace(self, rng: np.random.Generator, count: int) -> Floats:
        """Return polygons of width 2: half of the points on the two ends, half on the two sides."""
        length = 2 * np.maximum(draw_many(self.aspect, rng, count), 1.001)[:, None]
        power = 1 - 0.9 * draw_many(self.squareness, rng, count)[:, None]
        bend = np.deg2rad(draw_many(self.bend_deg, rng, count))[:, None]
        around = np.linspace(-np.pi / 2, np.pi / 2, POINTS // 4, endpoint=False)
        cosine, sine = np.maximum(np.cos(around), 0), np.sin(around)
        end_x = length / 2 - 1 + cosine**power
        end_y = np.broadcast_to(np.sign(sine) * np.abs(sine) ** power, end_x.shape)
        side_x = (length / 2 - 1) * np.linspace(1, -1, POINTS // 4, endpoint=False)
        x = np.concatenate([end_x, side_x, -end_x, -side_x], 1)
        y = np.concatenate([end_y, np.ones_like(side_x), -end_y, -np.ones_like(side_x)], 1)
        radius = length / np.where(np.abs(bend) < 1e-3, 1e-3, bend)
        angle = x / radius
        return np.stack([radius - (radius - y) * np.cos(angle), (radius - y) * np.sin(angle)], -1)
