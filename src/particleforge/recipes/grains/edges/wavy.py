"""Boundaries that bend with their surroundings."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, PerImage, Uniform, Within, number
from particleforge.recipes.grains.edges.edges import STRAIGHT, Edges, Places
from particleforge.recipes.grains.kernels import Bends
from particleforge.recipes.grains.tessellation import Tessellation
from particleforge.recipes.noise import smooth_noise


class Wavy(Edges):
    """Smoothly bent: the control points of a spline surface are displaced, and all boundaries with them.

    Triple points stay joined, and what lies side by side bends alike.
    """

    kind: Literal["wavy"] = "wavy"
    amplitude: Annotated[Draw, PerImage(), Within(0, 0.12)] = Field(
        Uniform(low=0.0, high=0.06), description="Standard deviation of the displacement, in mean grain diameters."
    )
    wave: Annotated[Draw, PerImage(), Within(0.4, 5)] = Field(
        Uniform(low=0.5, high=1.0), description="Width of the bends, in mean grain diameters."
    )

    def bend(
        self, tessellation: Tessellation, places: Places, diameter_px: float, rng: np.random.Generator
    ) -> tuple[Places, Bends]:
        """Displace the places where pixels are looked up."""
        if not (amplitude := number(self.amplitude) * tessellation.diameter):
            return places, STRAIGHT
        shape = (len(places[0]), len(places[0][0]))
        moved = (smooth_noise(shape, number(self.wave) * diameter_px, rng) for _ in places)
        y, x = (place + np.float32(amplitude) * by for place, by in zip(places, moved, strict=True))
        return (y, x), STRAIGHT
