"""Canvases of one grey level."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from particleforge.recipes.cutpaste.canvases.canvas import Canvas, CanvasMaker, Floats, no_background
from particleforge.sample import Sample


class Flat(Canvas):
    """One grey level: the mean of the background."""

    kind: Literal["flat"] = "flat"

    def prepare(self, samples: Sequence[Sample]) -> CanvasMaker:
        """Take the mean background of each image."""
        levels = [float(s.micrograph.grey[s.background].mean()) for s in samples if s.background.any()]
        if not levels:
            raise no_background(samples)
        return _Flat(levels)


class _Flat(CanvasMaker):
    def __init__(self, levels: list[float]) -> None:
        self.levels = levels

    def draw(self, shape: tuple[int, int], rng: np.random.Generator) -> Floats:
        """Return a uniform canvas."""
        return np.full(shape, self.levels[rng.integers(len(self.levels))], np.float32)
