"""Scratches and edges of steps."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from particleforge.draws import Choice, Draw, LogUniform, PerImage, Uniform, Within, number
from particleforge.recipes.clutter.clutter import Clutter, Floats, Shape


class Scratches(Clutter):
    """Nearly straight lines: ridges, or edges with a bright and a dark side."""

    kind: Literal["scratches"] = "scratches"
    strength: Annotated[Draw, PerImage(), Within(0, 5)] = Field(
        Uniform(low=0.08, high=0.8), description="Grey value relative to the contrast of the particles; 0: none."
    )
    count: Annotated[Draw, PerImage(), Within(0, 1000)] = Field(
        LogUniform(low=1, high=13), description="Number of lines in the image."
    )
    parallel: Annotated[Draw, PerImage(), Within(0, 1)] = Field(
        Choice(values=(0, 1)), description="1: all in one direction; 0: in any."
    )
    line_px: Annotated[Draw, PerImage(), Within(0.2, 100)] = Field(
        LogUniform(low=0.6, high=4), description="Width of the lines."
    )

    def pattern(self, shape: Shape, diameter_px: float, rng: np.random.Generator) -> Floats:
        """Add profiles across slightly bent lines."""
        out = np.zeros(shape, np.float32)
        y, x = (np.arange(n, dtype=np.float32) for n in shape)
        common, side = rng.uniform(0, np.pi), max(shape)
        for _ in range(max(1, round(number(self.count)))):
            angle = common + rng.normal(0, 0.03) if number(self.parallel) else rng.uniform(0, np.pi)
            top, left = rng.uniform(0, shape)
            cosine, sine = np.float32(np.cos(angle)), np.float32(np.sin(angle))
            along = ((y - top) * sine)[:, None] + ((x - left) * cosine)[None]
            across = ((y - top) * cosine)[:, None] - ((x - left) * sine)[None]
            across = across + np.float32(rng.normal(0, 0.15) / side) * along**2
            relative = across / np.float32(number(self.line_px) * rng.uniform(0.7, 1.5))
            profile = np.exp(-(relative**2))
            if rng.random() < 0.5:
                profile = profile * relative * np.float32(2.3)
            ends = np.clip(np.float32(rng.uniform(0.15, 1.5) * side / 2) - np.abs(along), 0, 8) / 8
            out += np.float32(rng.uniform(0.4, 1)) * profile * ends
        return out
