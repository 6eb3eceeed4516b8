"""Charging."""

from typing import Annotated

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, LogUniform, PerImage, Uniform, Within, number, with_probability
from particleforge.recipes.blur import gaussian_blur
from particleforge.recipes.stage import Floats, Stage


class Charging(Stage):
    """Bright glow around bright objects, and streaks behind them along the scan direction."""

    glow: Annotated[Draw, PerImage(), Within(-1, 1)] = Field(
        with_probability(0.12, Uniform(low=-0.3, high=0.5)),
        description="Share of the brightness that is spread; below 0: darker.",
    )
    width_px: Annotated[Draw, PerImage(), Within(0.5, 1000)] = Field(
        LogUniform(low=3, high=25), description="Width over which it is spread."
    )
    streaks: Annotated[Draw, PerImage(), Within(0, 1)] = Field(
        with_probability(0.08, Uniform(low=0.02, high=0.2)), description="Grey value of the streaks."
    )

    def apply(self, image: Floats, rng: np.random.Generator) -> Floats:
        """Add the blurred image, and rows that fade from left to right."""
        if glow := number(self.glow):
            image = image + np.float32(glow) * (gaussian_blur(image, number(self.width_px)) - image.mean())
        if streaks := number(self.streaks):
            height, width = image.shape
            for row in rng.integers(height, size=rng.integers(1, 12)):
                start, length = rng.integers(width), rng.uniform(0.1, 1) * width
                fade = np.exp(-np.arange(width - start, dtype=np.float32) / np.float32(length))
                image[row : row + rng.integers(1, 4), start:] += np.float32(streaks * rng.choice([-1, 1])) * fade
        return image
