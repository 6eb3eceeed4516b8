"""Uneven illumination."""

from typing import Annotated

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, PerImage, Uniform, Within, number, with_probability
from particleforge.recipes.stage import Floats, Stage


class Slope(Stage):
    """Brightness that rises across the image, with a curvature."""

    amplitude: Annotated[Draw, PerImage(), Within(0, 1)] = Field(
        with_probability(0.5, Uniform(low=0.02, high=0.25)), description="Difference in grey value across the image."
    )
    bend: Annotated[Draw, PerImage(), Within(-1, 1)] = Field(
        Uniform(low=-1, high=1), description="Curvature, as a share of this difference."
    )

    def apply(self, image: Floats, rng: np.random.Generator) -> Floats:
        """Add a plane and a paraboloid."""
        if not (amplitude := number(self.amplitude)):
            return image
        angle = rng.uniform(0, 2 * np.pi)
        y, x = (np.linspace(-0.5, 0.5, n, dtype=np.float32) for n in image.shape)
        plane = np.sin(angle) * y[:, None] + np.cos(angle) * x[None, :]
        bowl = number(self.bend) * (y[:, None] ** 2 + x[None, :] ** 2)
        return np.asarray(image + np.float32(amplitude) * (plane + bowl).astype(np.float32), np.float32)
