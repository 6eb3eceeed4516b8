"""Dense, disordered layers."""

from typing import Literal

import numpy as np

from particleforge.recipes.render.placement import _kernels as kernels
from particleforge.recipes.render.placement.placement import Floats, Heights, Placement, does_not_fit, reach
from particleforge.recipes.render.scene import Body

ROUNDS = 3000
TOLERANCE = 0.01
"""Largest overlap left, relative to the smallest width."""


class Monolayer(Placement):
    """One layer whose density follows from the number of particles, which push each other away until none overlap."""

    kind: Literal["monolayer"] = "monolayer"

    def place(self, bodies: list[Body], ground: Floats, rng: np.random.Generator) -> list[Body]:
        """Start anywhere and push; particles that are not round keep the distance of their enclosing circles."""
        if not bodies:
            return []
        radii = np.array([reach(body) for body in bodies])
        height, width = ground.shape
        places = rng.uniform(0, (height, width), (len(bodies), 2))
        left = kernels.push_apart(places, radii, (float(height), float(width)), ROUNDS)
        if left > TOLERANCE * 2 * radii.min():
            fit = 0.8 * height * width / float(np.pi * (radii**2).mean())
            raise does_not_fit(len(bodies), min(round(fit), len(bodies) - 1), ground.shape, "about {} would")
        heights = Heights(ground)
        return [heights.drop(body.moved((x, y, 0))) for body, (y, x) in zip(bodies, places, strict=True)]
