"""Clouds and grain of the support."""

from typing import Annotated

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, LogUniform, PerImage, Uniform, Within, number, with_probability
from particleforge.recipes.noise import cloud
from particleforge.recipes.stage import Floats, Stage


class Texture(Stage):
    """Noise at several scales."""

    amplitude: Annotated[Draw, PerImage(), Within(0, 1)] = Field(
        with_probability(0.6, LogUniform(low=0.005, high=0.12)), description="Standard deviation of the grey values."
    )
    coarsest_px: Annotated[Draw, PerImage(), Within(2, 10_000)] = Field(
        LogUniform(low=3, high=150), description="Size of the largest bumps."
    )
    range: Annotated[Draw, PerImage(), Within(1, 1000)] = Field(
        Uniform(low=1, high=16), description="Ratio of the size of the largest bumps to that of the finest."
    )

    def apply(self, image: Floats, rng: np.random.Generator) -> Floats:
        """Add octaves of smooth noise."""
        if not (amplitude := number(self.amplitude)):
            return image
        height, width = image.shape
        coarsest = number(self.coarsest_px)
        finest = max(coarsest / number(self.range), 2.0)
        return image + np.float32(amplitude) * cloud((height, width), coarsest, finest, rng)
