"""Blur."""

from typing import Annotated

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, LogUniform, PerImage, Within, number, with_probability
from particleforge.recipes.blur import gaussian_blur
from particleforge.recipes.stage import Floats, Stage


class Optics(Stage):
    """Gaussian point spread."""

    sigma_px: Annotated[Draw, PerImage(), Within(0, 50)] = Field(
        with_probability(0.6, LogUniform(low=0.3, high=2.5)), description="Standard deviation of the point spread."
    )

    def apply(self, image: Floats, rng: np.random.Generator) -> Floats:
        """Blur the image."""
        return gaussian_blur(image, number(self.sigma_px))
