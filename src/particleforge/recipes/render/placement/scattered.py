"""Particles scattered at random."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, PerImage, Uniform, Within, number
from particleforge.recipes import placement
from particleforge.recipes.render.placement.placement import (
    Floats,
    Heights,
    Placement,
    does_not_fit,
    largest_first,
    shift_of,
)
from particleforge.recipes.render.scene import Body


class Scattered(Placement):
    """Random positions without overlap, or with particles lying on top of others."""

    kind: Literal["scattered"] = "scattered"
    overlap: Annotated[Draw, PerImage(), Within(0, 0.95)] = Field(
        0.0, description="Share of a particle that others on top of it may cover."
    )
    min_visible: float = Field(0.35, gt=0, le=1, description="Share of each particle that stays visible.")
    cut_by_border: bool = Field(True, description="Whether particles may be cut by the image border.")
    clustering: Annotated[Draw, PerImage(), Within(0, 1)] = Field(
        Uniform(low=0, high=0.5), description="Share of particles placed next to another."
    )
    gap_px: Annotated[Draw, PerImage(), Within(0, 100)] = Field(
        0.0, description="Gap between particles placed next to each other."
    )

    def place(self, bodies: list[Body], ground: Floats, rng: np.random.Generator) -> list[Body]:
        """Place silhouettes as in cut-paste, largest first, and lower them."""
        crowding = placement.Crowding(
            self.min_visible,
            number(self.overlap),
            self.cut_by_border,
            number(self.clustering),
            0.0,
            number(self.gap_px),
        )
        scene = placement.Scene(np.zeros_like(ground), len(bodies), crowding)
        heights = Heights(ground)
        placed: dict[int, Body] = {}
        for i in largest_first(bodies):
            body = bodies[i].moved((*rng.random(2), 0))  # not all centres at the centre of a pixel
            alpha = body.silhouette.mask.astype(np.float32)
            stamp = placement.Stamp(alpha, alpha)
            place = scene.place(stamp, rng)
            if place is None:
                raise does_not_fit(len(bodies), len(placed), ground.shape)
            scene.paste(stamp, place)
            placed[i] = heights.drop(body.moved(shift_of(body.silhouette, place)))
        return [placed[i] for i in range(len(bodies))]
