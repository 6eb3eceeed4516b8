"""Uniform grey."""

from typing import Literal

import numpy as np

from particleforge.recipes.shapes.shading.shading import LEVELS, Floats, Shading


class Flat(Shading):
    """The same grey value everywhere."""

    kind: Literal["flat"] = "flat"

    def profiles(self, rng: np.random.Generator, count: int) -> Floats:
        """Return ones."""
        return np.ones((count, LEVELS))
