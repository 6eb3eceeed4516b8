"""Grey values of grains."""

from typing import Annotated

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, LogUniform, PerImage, Uniform, Within, number, with_probability
from particleforge.params import Params
from particleforge.recipes.grains.cells import Cells, Image
from particleforge.recipes.noise import cloud


class Greys(Params):
    """How bright grains are, and how uneven."""

    level: Annotated[Draw, PerImage(), Within(0, 1)] = Field(
        Uniform(low=0.3, high=0.9), description="Mean grey value of the grains, between 0 and 1."
    )
    spread: Annotated[Draw, PerImage(), Within(0, 0.5)] = Field(
        with_probability(0.7, LogUniform(low=0.01, high=0.3)),
        description="Standard deviation of the grey value from grain to grain, as by their orientation.",
    )
    texture: Annotated[Draw, PerImage(), Within(0, 0.5)] = Field(
        with_probability(0.7, LogUniform(low=0.005, high=0.08)),
        description="Standard deviation of the grey value within grains; it differs from grain to grain.",
    )
    wave: Annotated[Draw, PerImage(), Within(0.02, 5)] = Field(
        Uniform(low=0.2, high=0.67), description="Width of the bumps of this texture, in mean grain diameters."
    )

    def apply(self, cells: Cells, rng: np.random.Generator) -> Image:
        """(Y, X) grey values of the grains, without boundaries."""
        own = number(self.level) + number(self.spread) * rng.uniform(-np.sqrt(3), np.sqrt(3), len(cells))
        image: Image = own.astype(np.float32)[cells.own]
        if texture := number(self.texture):
            wave = max(number(self.wave) * cells.diameter_px, 2.0)
            gains = texture * np.sqrt(rng.exponential(1, len(cells))) * rng.choice([-1, 1], len(cells))
            image += gains.astype(np.float32)[cells.own] * cloud(cells.shape, wave, max(wave / 4, 2.0), rng)
        return image
