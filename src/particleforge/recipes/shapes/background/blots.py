"""Blots without a sharp edge."""

from typing import Annotated

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, PerImage, Uniform, Within, number, with_probability
from particleforge.recipes.stage import Floats, Stage


class Blots(Stage):
    """Soft spots: contamination, thick ice, objects far out of focus."""

    count: Annotated[Draw, PerImage(), Within(0, 100)] = Field(
        with_probability(0.2, Uniform(low=1, high=8)), description="Number of spots in the image."
    )
    amplitude: Annotated[Draw, PerImage(), Within(-1, 1)] = Field(
        Uniform(low=-0.25, high=0.25), description="Grey value of the strongest spot."
    )

    def apply(self, image: Floats, rng: np.random.Generator) -> Floats:
        """Add Gaussian spots."""
        rows, columns = (np.arange(n, dtype=np.float32) for n in image.shape)
        for _ in range(round(number(self.count))):
            y, x = rng.uniform(0, image.shape)
            wide = rng.uniform(0.03, 0.2) * min(image.shape)
            tall = wide * rng.uniform(0.6, 1.6)
            strength = np.float32(number(self.amplitude) * rng.uniform(0.3, 1))
            profiles = [np.exp(-0.5 * ((n - at) / size) ** 2) for n, at, size in ((rows, y, tall), (columns, x, wide))]
            image = image + strength * profiles[0][:, None] * profiles[1][None, :]
        return image
