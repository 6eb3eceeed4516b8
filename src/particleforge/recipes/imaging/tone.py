"""Brightness and contrast set at the microscope."""

from typing import Annotated

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, LogUniform, PerImage, Uniform, Within, number
from particleforge.recipes.stage import Floats, Stage


class Tone(Stage):
    """The grey values to which an operator stretches the image; values outside 0 to 1 are clipped."""

    dark: Annotated[Draw, PerImage(), Within(-1, 1)] = Field(
        Uniform(low=-0.1, high=0.4), description="Grey value of the 0.2nd percentile; below 0, black is saturated."
    )
    bright: Annotated[Draw, PerImage(), Within(0, 2)] = Field(
        Uniform(low=0.5, high=1.15), description="Grey value of the 99.8th percentile; above 1, white is saturated."
    )
    gamma: Annotated[Draw, PerImage(), Within(0.1, 10)] = Field(
        LogUniform(low=0.6, high=1.6), description="Exponent applied to the grey values between these two."
    )

    def apply(self, image: Floats, rng: np.random.Generator) -> Floats:
        """Stretch, apply gamma, clip."""
        low, high = np.percentile(image[::2, ::2], (0.2, 99.8))
        share = np.clip((image - low) / (high - low + 1e-6), 0, 1.5) ** number(self.gamma)
        dark = number(self.dark)
        return np.asarray(np.clip(dark + (number(self.bright) - dark) * share, 0, 1), np.float32)
