"""Drying rings and wrinkles."""

from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from particleforge.draws import Choice, Draw, LogUniform, PerImage, Uniform, Within, number
from particleforge.recipes.clutter.clutter import Clutter, Floats, Shape, away
from particleforge.recipes.noise import smooth_noise


class Rings(Clutter):
    """Thin closed lines, left where a drop has dried, some of them filled."""

    patchy: ClassVar[bool] = True

    kind: Literal["rings"] = "rings"
    strength: Annotated[Draw, PerImage(), Within(0, 5)] = Field(
        Uniform(low=0.06, high=0.5), description="Grey value relative to the contrast of the particles; 0: none."
    )
    width: Annotated[Draw, PerImage(), Within(0.05, 100)] = Field(
        LogUniform(low=0.7, high=8), description="Size of the rings, in median diameters."
    )
    line_px: Annotated[Draw, PerImage(), Within(0.2, 100)] = Field(
        Uniform(low=0.6, high=2.5), description="Width of the lines."
    )
    filled: Annotated[Draw, PerImage(), Within(0, 1)] = Field(
        Choice(values=(0, 0, 0.3, 0.7)), description="Grey value inside, relative to the lines."
    )

    def pattern(self, shape: Shape, diameter_px: float, rng: np.random.Generator) -> Floats:
        """Draw contour lines of smooth noise."""
        noise = smooth_noise(shape, max(2 * number(self.width) * diameter_px, 4), rng)
        distance = away(noise, rng.uniform(0.4, 1.6))
        line = np.exp(-((distance / np.float32(number(self.line_px))) ** 2))
        inside = np.float32(number(self.filled)) * np.clip(distance + 0.5, 0, 1)
        return np.asarray(np.maximum(line, inside), np.float32)
