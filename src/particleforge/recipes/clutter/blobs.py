"""Shapes far out of focus."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, LogUniform, PerImage, Uniform, Within, number
from particleforge.recipes.clutter.clutter import Clutter, Floats, Shape


class Blobs(Clutter):
    """Soft spots without an edge, about as large as particles."""

    kind: Literal["blobs"] = "blobs"
    strength: Annotated[Draw, PerImage(), Within(0, 5)] = Field(
        Uniform(low=0.06, high=0.4), description="Grey value relative to the contrast of the particles; 0: none."
    )
    count: Annotated[Draw, PerImage(), Within(0, 10_000)] = Field(
        LogUniform(low=2, high=24), description="Number of spots in the image."
    )
    width: Annotated[Draw, PerImage(), Within(0.05, 100)] = Field(
        LogUniform(low=0.35, high=2.5), description="Standard deviation of the largest, in median diameters."
    )

    def pattern(self, shape: Shape, diameter_px: float, rng: np.random.Generator) -> Floats:
        """Draw Gaussian spots."""
        out = np.zeros(shape, np.float32)
        y, x = (np.arange(n, dtype=np.float32) for n in shape)
        for _ in range(max(1, round(number(self.count)))):
            top, left = rng.uniform(0, shape)
            wide = number(self.width) * diameter_px * rng.uniform(0.3, 1)
            tall = wide * rng.uniform(0.6, 1.6)
            across, down = np.exp(-0.5 * ((x - left) / wide) ** 2), np.exp(-0.5 * ((y - top) / tall) ** 2)
            np.maximum(out, np.float32(rng.uniform(0.3, 1)) * down[:, None] * across[None], out=out)
        return out
