"""Canvases of the kinds that the annotation allows."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from particleforge.errors import UserError
from particleforge.recipes.cutpaste.canvases.canvas import Canvas, CanvasMaker, Floats
from particleforge.recipes.cutpaste.canvases.inpainted import Inpainted
from particleforge.recipes.cutpaste.canvases.texture import Texture
from particleforge.sample import Sample


class Auto(Canvas):
    """Inpainted or texture canvases at random for fully annotated images, texture for the others."""

    kind: Literal["auto"] = "auto"

    def prepare(self, samples: Sequence[Sample]) -> CanvasMaker:
        """Prepare both kinds, as far as annotation and background allow.

        Raises
        ------
        UserError
            If neither can be made.
        """
        makers: list[CanvasMaker] = []
        problems: list[UserError] = []
        for canvas in (Texture(), Inpainted()):
            try:
                makers.append(canvas.prepare(samples))
            except UserError as error:
                problems.append(error)
        if not makers:
            raise problems[0]
        return _Auto(makers)


class _Auto(CanvasMaker):
    def __init__(self, makers: list[CanvasMaker]) -> None:
        self.makers = makers

    def draw(self, shape: tuple[int, int], rng: np.random.Generator) -> Floats:
        """Return a canvas of a random kind."""
        return self.makers[rng.integers(len(self.makers))].draw(shape, rng)
