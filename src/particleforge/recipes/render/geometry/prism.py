"""Prisms and plates."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from particleforge.draws import Choice, Draw, PerParticle, Uniform, Within, draw
from particleforge.recipes.render.geometry.geometry import Geometry
from particleforge.recipes.render.mesh import Mesh, rounded


class Prism(Geometry):
    """A plate or column over a regular polygon, with rounded edges."""

    kind: Literal["prism"] = "prism"
    sides: Annotated[Draw, PerParticle(), Within(3, 32)] = Field(
        Choice(values=(6,)), description="Number of sides of the polygon, an integer."
    )
    height: Annotated[Draw, PerParticle(), Within(0.02, 50)] = Field(
        Uniform(low=0.15, high=0.35), description="Ratio of height to width of the polygon; below 1: a plate."
    )
    rounding: Annotated[Draw, PerParticle(), Within(0, 1)] = Field(
        Uniform(low=0.1, high=0.5), description="Edge radius relative to half of the smaller of height and width."
    )

    def trace(self, rng: np.random.Generator, level: int) -> Mesh:
        """Return all points within the edge radius of a smaller prism; a column lies along x, a plate in the plane."""
        sides, height = max(3, round(draw(self.sides, rng))), draw(self.height, rng)
        inner = np.cos(np.pi / sides)
        radius = draw(self.rounding, rng) * min(height, inner)
        angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)
        ring = (1 - radius / inner) * np.stack([np.cos(angle), np.sin(angle)], -1)
        axis = np.full((sides, 1), height - radius)
        corners = np.concatenate([np.hstack([ring, axis]), np.hstack([ring, -axis])])
        return rounded(corners[:, [2, 0, 1]] if height > 1 else corners, radius, level)
