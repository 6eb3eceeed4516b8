"""Background behind the particles."""

import numpy as np
from pydantic import Field

from particleforge.recipes.shapes.background.blots import Blots
from particleforge.recipes.shapes.background.film import Film
from particleforge.recipes.shapes.background.slope import Slope
from particleforge.recipes.shapes.background.stripes import Stripes
from particleforge.recipes.shapes.background.texture import Texture
from particleforge.recipes.stage import Floats, Stage


class Background(Stage):
    """All effects of the background, in this order."""

    slope: Slope = Field(Slope(), description="Uneven illumination.")
    texture: Texture = Field(Texture(), description="Clouds and grain.")
    stripes: Stripes = Field(Stripes(), description="Parallel stripes.")
    blots: Blots = Field(Blots(), description="Soft spots.")
    film: Film = Field(Film(), description="Regions of a support film.")

    def apply(self, image: Floats, rng: np.random.Generator) -> Floats:
        """Apply one effect after another."""
        for stage in (self.slope, self.texture, self.stripes, self.blots, self.film):
            image = stage.apply(image, rng)
        return image
