"""Spheres."""

from typing import Literal

import numpy as np

from particleforge.recipes.render.geometry.geometry import Geometry
from particleforge.recipes.render.mesh import Mesh, sphere


class Sphere(Geometry):
    """A sphere."""

    kind: Literal["sphere"] = "sphere"

    def trace(self, rng: np.random.Generator, level: int) -> Mesh:
        """Return a sphere."""
        return sphere(level)
