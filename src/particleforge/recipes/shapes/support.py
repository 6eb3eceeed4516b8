"""Thick support on which the particles lie."""

from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from particleforge.draws import Draw, LogUniform, PerImage, Uniform, Within, number
from particleforge.params import Params
from particleforge.recipes.noise import cloud

Floats = npt.NDArray[np.float32]
LEAST = 0.3
"""Share of the usual thickness of the support from which on particles may lie on it."""


class Support(Params):
    """Overlapping pieces much larger than the particles, like an oxide that carries metal; particles lie only on it."""

    count: Annotated[Draw, PerImage(), Within(0, 10_000)] = Field(
        0.0, description="Number of pieces; 0: no support, and particles lie anywhere."
    )
    width: Annotated[Draw, PerImage(), Within(0.1, 1000)] = Field(
        LogUniform(low=2.5, high=9), description="Diameter of the pieces, in median diameters of the particles."
    )
    grey: Annotated[Draw, PerImage(), Within(-1, 1)] = Field(
        Uniform(low=0.15, high=0.7), description="Grey value of the support minus that of the background."
    )
    spread: Annotated[Draw, PerImage(), Within(0, 10)] = Field(
        Uniform(low=0.1, high=0.35), description="How far the pieces lie from a common place, in widths of the image."
    )
    texture: Annotated[Draw, PerImage(), Within(0, 2)] = Field(
        Uniform(low=0, high=0.15), description="Standard deviation of its grey value, relative to it."
    )
    profile: Annotated[Literal["dome", "flat", "soft", "any"], Field(description="Thickness of a piece.")] = "any"

    def apply(
        self, image: Floats, diameter_px: float, rng: np.random.Generator
    ) -> tuple[Floats, npt.NDArray[np.bool_] | None]:
        """Add the support.

        Parameters
        ----------
        image
            (Y, X) relative grey values.
        diameter_px
            Median diameter of the particles.
        rng
            Chooses shapes and places.

        Returns
        -------
        image : (Y, X) float32
            With the support.
        places : (Y, X) bool or None
            Where particles may lie; None: anywhere.
        """
        count = round(number(self.count))
        if not count:
            return image, None
        shape = (len(image), len(image[0]))
        thickness = self._thickness(shape, count, number(self.width) * diameter_px, rng)
        usual = np.percentile(thickness[thickness > 0.05], 80) if (thickness > 0.05).any() else 1.0
        thickness = np.minimum(thickness / np.float32(usual), 1.6)
        fine = rng.uniform(0.15, 1.2) * diameter_px
        rough = 1 + np.float32(number(self.texture)) * cloud(shape, max(4 * fine, 4), max(fine, 2), rng)
        places = thickness > LEAST
        grey = np.float32(number(self.grey)) * thickness * rough
        return np.asarray(image + grey, np.float32), places if places.any() else None

    def _thickness(self, shape: tuple[int, int], count: int, width_px: float, rng: np.random.Generator) -> Floats:
        profile = ("dome", "flat", "soft")[rng.integers(3)] if self.profile == "any" else self.profile
        out = np.zeros(shape, np.float32)
        y, x = (np.arange(n, dtype=np.float32) for n in shape)
        middle = rng.uniform(0.2, 0.8, 2) * shape
        for _ in range(count):
            top, left = middle + rng.normal(0, number(self.spread) * max(shape), 2)
            radius, aspect, angle = width_px / 2 * rng.uniform(0.5, 1.4), rng.uniform(1, 2) ** 2, rng.uniform(0, np.pi)
            cosine, sine = np.float32(np.cos(angle)), np.float32(np.sin(angle))
            along = ((y - top) * sine)[:, None] + ((x - left) * cosine)[None]
            across = ((y - top) * cosine)[:, None] - ((x - left) * sine)[None]
            squared = (along**2 / np.float32(aspect) + across**2 * np.float32(aspect)) / np.float32(radius**2)
            if profile == "soft":
                out += np.exp(-2 * squared)
            else:
                inside = np.sqrt(np.clip(1 - squared, 0, 1))
                out += inside if profile == "dome" else np.clip(inside * np.float32(radius / 3), 0, 1)
        return out
