"""JPEG compression."""

import io
from typing import Annotated

import numpy as np
from PIL import Image
from pydantic import Field

from particleforge.draws import Draw, PerImage, Uniform, Within, number, with_probability
from particleforge.recipes.stage import Floats, Stage


class Jpeg(Stage):
    """Block artefacts and ringing of a compressed image."""

    loss: Annotated[Draw, PerImage(), Within(0, 95)] = Field(
        with_probability(0.35, Uniform(low=10, high=70)), description="100 minus the JPEG quality; 0: not compressed."
    )

    def apply(self, image: Floats, rng: np.random.Generator) -> Floats:
        """Compress and decompress."""
        if not (loss := round(number(self.loss))):
            return image
        file = io.BytesIO()
        Image.fromarray(np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)).save(file, "JPEG", quality=100 - loss)
        return np.asarray(Image.open(file), np.float32) / np.float32(255)
