"""Torn and folded support film."""

from typing import Annotated

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, PerImage, Uniform, Within, number, with_probability
from particleforge.recipes.noise import smooth_noise
from particleforge.recipes.stage import Floats, Stage


class Film(Stage):
    """Wide regions of a different grey value with a sharp, curved edge."""

    amplitude: Annotated[Draw, PerImage(), Within(-1, 1)] = Field(
        with_probability(0.15, Uniform(low=-0.3, high=0.3)),
        description="Grey value of the regions relative to the rest.",
    )
    scale: Annotated[Draw, PerImage(), Within(0.1, 10)] = Field(
        Uniform(low=0.7, high=2.5), description="Width of the regions relative to the shorter side of the image."
    )
    edge: Annotated[Draw, PerImage(), Within(0, 1)] = Field(
        Uniform(low=0, high=0.3), description="Grey value of a bright line along the edge."
    )

    def apply(self, image: Floats, rng: np.random.Generator) -> Floats:
        """Threshold smooth noise; its gradient gives the edge an even width."""
        if not (amplitude := number(self.amplitude)):
            return image
        height, width = image.shape
        ridge = smooth_noise((height, width), number(self.scale) * min(height, width), rng)
        ridge -= np.float32(rng.normal(0, 0.5))
        steep = np.hypot(*np.gradient(ridge)).mean() + 1e-6
        away = ridge / np.float32(steep)
        line = np.exp(-np.abs(away) / np.float32(rng.uniform(1, 3)))
        side = np.clip(0.5 + away / 2, 0, 1)
        return np.asarray(image + np.float32(amplitude) * side + np.float32(number(self.edge)) * line, np.float32)
