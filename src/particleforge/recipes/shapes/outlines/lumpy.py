"""Uneven, lumpy outlines."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, PerImage, PerParticle, Uniform, Within, draw_many, number
from particleforge.recipes.shapes.outlines.outline import Floats, Outline, angles, polar


class Lumpy(Outline):
    """A disc whose radius varies as a random Fourier series."""

    kind: Literal["lumpy"] = "lumpy"
    roughness: Annotated[Draw, PerImage(), Within(0, 0.4)] = Field(
        Uniform(low=0.03, high=0.16), description="Relative standard deviation of the radius."
    )
    decay: Annotated[Draw, PerImage(), Within(0, 4)] = Field(
        Uniform(low=0.7, high=2.2), description="How quickly finer lumps become flatter; 0: all have the same height."
    )
    aspect: Annotated[Draw, PerParticle(), Within(1, 20)] = Field(
        Uniform(low=1, high=1.4), description="Stretch in one direction."
    )

    def trace(self, rng: np.random.Generator, count: int) -> Floats:
        """Radii as a sum of waves with 2 to 12 periods around the outline."""
        periods = np.arange(2, 13)
        height = periods ** -number(self.decay)
        height = number(self.roughness) * height / np.sqrt((height**2).sum() / 2)
        phase = rng.uniform(0, 2 * np.pi, (count, len(periods), 1))
        strength = (height * rng.rayleigh(1 / np.sqrt(2), (count, len(periods))))[..., None]
        radii = 1 + (strength * np.cos(periods[:, None] * angles() + phase)).sum(1)
        corners = polar(np.maximum(radii, 0.25))
        corners[..., 1] *= draw_many(self.aspect, rng, count)[:, None]
        return corners
