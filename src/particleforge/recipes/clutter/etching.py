"""Texture of an etched or milled surface."""

from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, PerImage, Uniform, Within, number
from particleforge.recipes.clutter._spectrum import filtered_noise
from particleforge.recipes.clutter.clutter import Clutter, Floats, Shape

SHARP = 0.6
"""Share of images in which ridges and hollows are plateaus with an edge between them."""


class Etching(Clutter):
    """Ridges and hollows all over the image; very long ones are the curtains of ion milling or marks of polishing."""

    patchy: ClassVar[bool] = True

    kind: Literal["etching"] = "etching"
    strength: Annotated[Draw, PerImage(), Within(0, 5)] = Field(
        Uniform(low=0.12, high=0.42),
        description="Standard deviation relative to the contrast of the particles; 0: none.",
    )
    width: Annotated[Draw, PerImage(), Within(0.05, 100)] = Field(
        Uniform(low=0.25, high=0.9), description="Width of the ridges, in median diameters."
    )
    stretch: Annotated[Draw, PerImage(), Within(1, 1000)] = Field(
        Uniform(low=1, high=4), description="Ratio of their length to their width."
    )

    def pattern(self, shape: Shape, diameter_px: float, rng: np.random.Generator) -> Floats:
        """Draw smooth noise stretched in one direction."""
        size = max(number(self.width) * diameter_px, 2.0)
        noise = filtered_noise(shape, size, rng, number(self.stretch), rng.uniform(0, np.pi))
        return np.tanh(np.float32(rng.uniform(1.2, 4)) * noise) if rng.random() < SHARP else noise
