"""Scan errors."""

from typing import Annotated

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, PerImage, Uniform, Within, number, with_probability
from particleforge.recipes.stage import Floats, Stage


class Scan(Stage):
    """Rows that are brighter, darker or shifted."""

    brightness: Annotated[Draw, PerImage(), Within(0, 1)] = Field(
        with_probability(0.15, Uniform(low=0.005, high=0.05)),
        description="Standard deviation of the row brightness.",
    )
    jitter_px: Annotated[Draw, PerImage(), Within(0, 20)] = Field(
        with_probability(0.08, Uniform(low=0.2, high=0.8)), description="Standard deviation of the row shifts."
    )

    def apply(self, image: Floats, rng: np.random.Generator) -> Floats:
        """Add a number to each row and move it by whole pixels."""
        if brightness := number(self.brightness):
            image = image + np.float32(brightness) * rng.standard_normal((len(image), 1), np.float32)
        if jitter := number(self.jitter_px):
            shifts = np.rint(rng.normal(0, jitter, len(image))).astype(int)
            columns = np.clip(np.arange(image.shape[1]) + shifts[:, None], 0, image.shape[1] - 1)
            image = np.take_along_axis(image, columns, 1)
        return image
