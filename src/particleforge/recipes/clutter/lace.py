"""Strands of a lacey film."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, LogUniform, PerImage, Uniform, Within, number
from particleforge.recipes.clutter.clutter import Clutter, Floats, Shape, away
from particleforge.recipes.noise import smooth_noise


class Lace(Clutter):
    """A net of strands around openings, as of lacey carbon."""

    kind: Literal["lace"] = "lace"
    strength: Annotated[Draw, PerImage(), Within(0, 5)] = Field(
        Uniform(low=0.2, high=1), description="Grey value relative to the contrast of the particles; 0: none."
    )
    width: Annotated[Draw, PerImage(), Within(0.05, 100)] = Field(
        LogUniform(low=2, high=10), description="Size of the openings, in median diameters."
    )
    strand: Annotated[Draw, PerImage(), Within(0.01, 10)] = Field(
        LogUniform(low=0.15, high=0.9), description="Width of the strands, in median diameters."
    )

    def pattern(self, shape: Shape, diameter_px: float, rng: np.random.Generator) -> Floats:
        """Draw bands along the zero lines of smooth noise."""
        noise = smooth_noise(shape, max(number(self.width) * diameter_px, 8), rng)
        half, edge = max(number(self.strand) * diameter_px / 2, 0.7), rng.uniform(1, 4)
        band = np.clip(0.5 + (half - np.abs(away(noise, 0))) / edge, 0, 1)
        rounded = np.sqrt(np.clip(1 - (away(noise, 0) / (half + edge)) ** 2, 0, 1)) if rng.random() < 0.5 else 1.0
        return np.asarray(band * rounded, np.float32)
