"""Uneven brightness of the field of view."""

from typing import Annotated

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, PerImage, Uniform, Within, number, with_probability
from particleforge.recipes.stage import Floats, Stage


class Vignette(Stage):
    """Darker corners."""

    loss: Annotated[Draw, PerImage(), Within(0, 1)] = Field(
        with_probability(0.3, Uniform(low=0.05, high=0.3)), description="Share of the brightness lost in the corners."
    )

    def apply(self, image: Floats, rng: np.random.Generator) -> Floats:
        """Multiply by a paraboloid around the centre."""
        y, x = (np.linspace(-1, 1, n, dtype=np.float32) for n in image.shape)
        loss = number(self.loss) * (y[:, None] ** 2 + x[None, :] ** 2) / 2
        return np.asarray(image * (1 - loss), np.float32)
