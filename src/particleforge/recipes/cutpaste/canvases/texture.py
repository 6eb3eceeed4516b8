"""Texture woven from sure background."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import Field

from particleforge.recipes.cutpaste.canvases.canvas import Canvas, CanvasMaker, Floats, no_background
from particleforge.recipes.cutpaste.texture import Exemplar, exemplar, weave
from particleforge.sample import Sample


class Texture(Canvas):
    """Texture woven from patches of sure background. Suitable for partly annotated images, too."""

    kind: Literal["texture"] = "texture"
    patch_px: int = Field(32, ge=3, le=512, description="Side of the patches; smaller if there is little background.")

    def prepare(self, samples: Sequence[Sample]) -> CanvasMaker:
        """Find where patches can be taken from."""
        exemplars = [found for s in samples if (found := exemplar(s.micrograph.grey, s.background, self.patch_px))]
        if not exemplars:
            raise no_background(samples)
        return _Texture(exemplars)


class _Texture(CanvasMaker):
    def __init__(self, exemplars: list[Exemplar]) -> None:
        self.exemplars = exemplars

    def draw(self, shape: tuple[int, int], rng: np.random.Generator) -> Floats:
        """Weave a canvas from one image's background."""
        return weave(self.exemplars[rng.integers(len(self.exemplars))], shape, rng)
