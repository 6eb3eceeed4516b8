"""Crystals seen as polygons with rounded corners."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, PerImage, PerParticle, Uniform, Within, draw_many, number
from particleforge.recipes.shapes.outlines.outline import Floats, Outline, along


class Polygon(Outline):
    """A convex polygon with rounded corners."""

    kind: Literal["polygon"] = "polygon"
    corners: Annotated[Draw, PerImage(), Within(3, 12)] = Field(
        Uniform(low=2.51, high=8.49).replace(low=3), description="Number of corners, rounded to an integer."
    )
    irregularity: Annotated[Draw, PerImage(), Within(0, 1)] = Field(
        Uniform(low=0, high=0.8), description="Unevenness of the corners' spacing; 0: a regular polygon."
    )
    rounding: Annotated[Draw, PerImage(), Within(0, 0.5)] = Field(
        Uniform(low=0.05, high=0.4), description="Share of each side that is cut off to round the corner."
    )
    aspect: Annotated[Draw, PerParticle(), Within(1, 20)] = Field(
        Uniform(low=1, high=1.5), description="Stretch of the polygon in one direction."
    )

    def trace(self, rng: np.random.Generator, count: int) -> Floats:
        """Cut off the corners of a polygon in an ellipse; space the points evenly along the outline."""
        corners = round(number(self.corners))
        shift = number(self.irregularity) * rng.uniform(-0.5, 0.5, (count, corners))
        theta = 2 * np.pi * (np.arange(corners) + shift) / corners + rng.uniform(0, 2 * np.pi, (count, 1))
        points = np.stack([np.sin(theta), np.cos(theta) * draw_many(self.aspect, rng, count)[:, None]], -1)
        share = number(self.rounding)
        for cut in (share, share / (1 + share), 0.25):  # approximates an arc
            after = np.roll(points, -1, 1)
            pair = np.stack([points + cut * (after - points), after - cut * (after - points)], 2)
            points = pair.reshape(count, 2 * points.shape[1], 2)
        return along(points)
