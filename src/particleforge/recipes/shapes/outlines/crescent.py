"""Crescents: caps, bowls and broken shells."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, PerParticle, Uniform, Within, draw_many
from particleforge.recipes.shapes.outlines.outline import POINTS, Floats, Outline


class Crescent(Outline):
    """A disc with a bite taken out of it."""

    kind: Literal["crescent"] = "crescent"
    bite: Annotated[Draw, PerParticle(), Within(0, 0.8)] = Field(
        Uniform(low=0.1, high=0.55), description="Depth of the bite relative to the diameter."
    )

    def trace(self, rng: np.random.Generator, count: int) -> Floats:
        """Place two thirds of the points on the disc and one third on the bite: an arc through its deepest point."""
        deepest = 1 - 2 * np.maximum(draw_many(self.bite, rng, count), 1e-3)[:, None]
        opening = np.deg2rad(rng.uniform(35, 75, count))[:, None]
        outer = np.linspace(0, 1, POINTS * 2 // 3)
        theta = opening + outer * (2 * np.pi - 2 * opening)
        tip_x, tip_y = np.cos(opening), np.sin(opening)
        inner = np.linspace(-1, 1, POINTS - len(outer) + 2)[1:-1]
        bent = tip_x - (tip_x - np.minimum(deepest, tip_x - 0.02)) * (1 - inner**2)
        x = np.concatenate([np.cos(theta), bent], 1)
        y = np.concatenate([np.sin(theta), tip_y * inner], 1)
        return np.stack([y, x], -1)
