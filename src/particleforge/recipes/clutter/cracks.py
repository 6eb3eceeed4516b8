"""Cracks, wrinkles and grain boundaries."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, LogUniform, PerImage, Uniform, Within, number
from particleforge.recipes.blur import gaussian_blur
from particleforge.recipes.clutter.clutter import Clutter, Floats, Shape


class Cracks(Clutter):
    """Crooked lines that begin and end anywhere."""

    kind: Literal["cracks"] = "cracks"
    strength: Annotated[Draw, PerImage(), Within(0, 5)] = Field(
        Uniform(low=0.15, high=0.9), description="Grey value relative to the contrast of the particles; 0: none."
    )
    count: Annotated[Draw, PerImage(), Within(0, 1000)] = Field(
        Uniform(low=0.51, high=4.49), description="Number of cracks in the image."
    )
    length_px: Annotated[Draw, PerImage(), Within(2, 100_000)] = Field(
        LogUniform(low=30, high=400), description="Length of a crack."
    )
    line_px: Annotated[Draw, PerImage(), Within(0.2, 100)] = Field(
        LogUniform(low=0.6, high=1.8), description="Width of the lines."
    )

    def pattern(self, shape: Shape, diameter_px: float, rng: np.random.Generator) -> Floats:
        """Draw random walks that keep their direction for a while."""
        mask = np.zeros(shape, np.float32)
        steps = max(2, int(2 * number(self.length_px)))
        for _ in range(max(1, round(number(self.count)))):
            turns = rng.normal(0, rng.uniform(0.02, 0.12), steps) + (rng.random(steps) < 0.03) * rng.normal(
                0, 0.6, steps
            )
            angle = rng.uniform(0, 2 * np.pi) + turns.cumsum()
            path = rng.uniform(0, shape) + 0.5 * np.stack([np.sin(angle), np.cos(angle)], -1).cumsum(0)
            inside = path[((path >= 0) & (path < shape)).all(1)].astype(np.int64)
            mask[tuple(inside.T)] = 1
        sigma = np.sqrt(max(number(self.line_px), 0.5) ** 2 / 2)
        return np.clip(gaussian_blur(mask, sigma) * np.float32(max(1.0, np.sqrt(2 * np.pi) * sigma)), 0, 1)
