"""Holes of a perforated film."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, LogUniform, PerImage, Uniform, Within, number
from particleforge.recipes.clutter.clutter import Clutter, Floats, Shape

LEAST_PX = 64
"""Smaller holes look like particles."""


class Holes(Clutter):
    """Round holes much larger than the particles, some with a visible edge, as of holey carbon."""

    kind: Literal["holes"] = "holes"
    strength: Annotated[Draw, PerImage(), Within(0, 5)] = Field(
        Uniform(low=0.15, high=0.8), description="Grey value relative to the contrast of the particles; 0: none."
    )
    width: Annotated[Draw, PerImage(), Within(0.05, 100)] = Field(
        LogUniform(low=4, high=16), description="Diameter of the holes, in median diameters."
    )
    spacing: Annotated[Draw, PerImage(), Within(1, 100)] = Field(
        Uniform(low=1.2, high=2.5), description="Distance between their centres, in their diameters."
    )
    edge: Annotated[Draw, PerImage(), Within(0, 5)] = Field(
        Uniform(low=0, high=0.8), description="Grey value of a line along their edge, relative to the holes."
    )

    def pattern(self, shape: Shape, diameter_px: float, rng: np.random.Generator) -> Floats:
        """Put discs on a distorted square lattice."""
        diameter = min(max(number(self.width) * diameter_px, LEAST_PX), 1.2 * max(shape))
        pitch = number(self.spacing) * diameter
        angle = rng.uniform(0, np.pi / 2)
        reach = int(max(shape) / pitch) + 2
        nodes = np.mgrid[-reach : reach + 1, -reach : reach + 1].reshape(2, -1).T * pitch
        turned = nodes @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        centres = turned + rng.uniform(0, shape) + rng.normal(0, 0.08 * pitch, turned.shape)
        depth = np.full(shape, -1e6, np.float32)
        y, x = (np.arange(n, dtype=np.float32) for n in shape)
        for top, left in centres[((centres > -diameter) & (centres < np.array(shape) + diameter)).all(1)]:
            own = diameter / 2 * rng.uniform(0.8, 1.15)
            np.maximum(depth, np.float32(own) - np.hypot((y - top)[:, None], (x - left)[None]), out=depth)
        line = np.exp(-((depth / np.float32(rng.uniform(1, 4))) ** 2))
        return np.asarray(np.clip(0.5 + depth / 2, 0, 1) + np.float32(number(self.edge)) * line, np.float32)
