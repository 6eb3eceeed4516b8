"""Detector noise."""

from typing import Annotated

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, LogUniform, PerImage, Uniform, Within, number, with_probability
from particleforge.recipes.blur import gaussian_blur
from particleforge.recipes.stage import Floats, Stage


class Read(Stage):
    """Gaussian noise of the same strength everywhere; grainy, as in enlarged images."""

    sd: Annotated[Draw, PerImage(), Within(0, 1)] = Field(
        with_probability(0.7, LogUniform(low=0.005, high=0.1)), description="Standard deviation of the grey values."
    )
    grain_px: Annotated[Draw, PerImage(), Within(0, 20)] = Field(
        with_probability(0.4, Uniform(low=0.4, high=1.6)),
        description="Size of the grains (Gaussian sigma); 0: single pixels.",
    )

    def apply(self, image: Floats, rng: np.random.Generator) -> Floats:
        """Add noise, smoothed to grains of the same strength."""
        if not (sd := number(self.sd)):
            return image
        grain = number(self.grain_px)
        noise = gaussian_blur(rng.standard_normal(image.shape, np.float32), grain)
        return image + np.float32(sd * max(1.0, 2 * np.sqrt(np.pi) * grain)) * noise
