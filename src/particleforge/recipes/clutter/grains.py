"""Grains of a support film."""

from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, LogUniform, PerImage, Uniform, Within, number
from particleforge.recipes.clutter._spectrum import filtered_noise
from particleforge.recipes.clutter.clutter import Clutter, Floats, Shape, above


class Grains(Clutter):
    """Faint grains close together, as large as particles or smaller, like those of a sputtered or carbon film."""

    patchy: ClassVar[bool] = True

    kind: Literal["grains"] = "grains"
    strength: Annotated[Draw, PerImage(), Within(0, 5)] = Field(
        Uniform(low=0.08, high=0.5), description="Grey value relative to the contrast of the particles; 0: none."
    )
    width: Annotated[Draw, PerImage(), Within(0.05, 100)] = Field(
        LogUniform(low=0.25, high=1.1), description="Size of the grains, in median diameters."
    )
    threshold: Annotated[Draw, PerImage(), Within(-3, 4)] = Field(
        Uniform(low=-0.2, high=1.3),
        description="How far apart they are: level of noise of standard deviation 1 they lie above.",
    )

    def pattern(self, shape: Shape, diameter_px: float, rng: np.random.Generator) -> Floats:
        """Cut noise with bumps of even size off at a level."""
        noise = filtered_noise(shape, max(number(self.width) * diameter_px, 2.5), rng, even=True)
        inside = above(noise, number(self.threshold), rng.uniform(1, 3))
        return inside * (np.float32(0.7) + np.float32(0.3) * np.clip(noise, -1, 2))
