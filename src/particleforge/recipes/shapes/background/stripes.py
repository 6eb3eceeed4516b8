"""Stripes."""

from typing import Annotated

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, LogUniform, PerImage, Uniform, Within, number, with_probability
from particleforge.recipes.stage import Floats, Stage


class Stripes(Stage):
    """Parallel stripes: scratches, interference, curtaining."""

    amplitude: Annotated[Draw, PerImage(), Within(0, 1)] = Field(
        with_probability(0.1, Uniform(low=0.01, high=0.12)), description="Amplitude of the stripes."
    )
    period_px: Annotated[Draw, PerImage(), Within(2, 10_000)] = Field(
        LogUniform(low=4, high=120), description="Distance between stripes."
    )
    angle_deg: Annotated[Draw, PerImage(), Within(-360, 360)] = Field(
        Uniform(low=0, high=180), description="Direction across the stripes."
    )

    def apply(self, image: Floats, rng: np.random.Generator) -> Floats:
        """Add waves that fade in and out."""
        if not (amplitude := number(self.amplitude)):
            return image
        angle = np.deg2rad(number(self.angle_deg))
        y, x = np.ogrid[: image.shape[0], : image.shape[1]]
        across = (np.sin(angle) * y + np.cos(angle) * x) / number(self.period_px)
        along = (np.cos(angle) * y - np.sin(angle) * x) / rng.uniform(0.3, 3) / max(image.shape)
        wave = np.sin(2 * np.pi * (across + rng.random())) * np.cos(np.pi * (along + rng.random()))
        return np.asarray(image + amplitude * wave, np.float32)
