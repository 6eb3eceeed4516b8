"""Shot noise."""

from typing import Annotated

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, LogUniform, PerImage, Within, number, with_probability
from particleforge.recipes.stage import Floats, Stage


class Shot(Stage):
    """Poisson noise of a finite dose."""

    at_white: Annotated[Draw, PerImage(), Within(0, 1)] = Field(
        with_probability(0.4, LogUniform(low=0.01, high=0.12)),
        description="Standard deviation of the grey values in white areas: 1 / sqrt(counts).",
    )

    def apply(self, image: Floats, rng: np.random.Generator) -> Floats:
        """Add normally distributed noise with the variance of the counts; above about 20 it equals Poisson noise."""
        if not (noise := number(self.at_white)):
            return image
        spread = np.float32(noise) * np.sqrt(np.clip(image, 0, None))
        return image + spread * rng.standard_normal(image.shape, np.float32)
