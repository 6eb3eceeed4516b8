"""Strong shading of the whole field."""

from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, LogUniform, PerImage, Uniform, Within, number
from particleforge.recipes.clutter.clutter import Clutter, Floats, Shape
from particleforge.recipes.noise import smooth_noise


class Shading(Clutter):
    """Uneven illumination or thickness, even stronger than the contrast of the particles."""

    in_front: ClassVar[bool] = True

    kind: Literal["shading"] = "shading"
    strength: Annotated[Draw, PerImage(), Within(0, 5)] = Field(
        LogUniform(low=0.2, high=1.8), description="Grey value relative to the contrast of the particles; 0: none."
    )
    width: Annotated[Draw, PerImage(), Within(0.01, 100)] = Field(
        LogUniform(low=0.3, high=4), description="Size of its bumps, in widths of the image."
    )
    tilt: Annotated[Draw, PerImage(), Within(0, 10)] = Field(
        Uniform(low=0, high=1), description="Strength of a plane and a bowl relative to the bumps."
    )

    def pattern(self, shape: Shape, diameter_px: float, rng: np.random.Generator) -> Floats:
        """Add bumps, a plane and a bowl, from -0.5 to 0.5."""
        y, x = (np.linspace(-0.5, 0.5, n, dtype=np.float32) for n in shape)
        angle, middle = rng.uniform(0, 2 * np.pi), rng.uniform(-0.3, 0.3, 2)
        plane = np.sin(angle) * y[:, None] + np.cos(angle) * x[None]
        bowl = rng.uniform(-2, 2) * ((y[:, None] - middle[0]) ** 2 + (x[None] - middle[1]) ** 2)
        wide = max(number(self.width) * max(shape), 6 * diameter_px, 40)
        out = smooth_noise(shape, 2 * wide, rng) + np.float32(2 * number(self.tilt)) * (plane + bowl)
        low, high = out.min(), out.max()
        return np.asarray((out - low) / (high - low + 1e-6) - 0.5, np.float32)
