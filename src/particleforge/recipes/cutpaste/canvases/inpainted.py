"""Micrographs whose particles are painted over."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import Field
from scipy import ndimage

from particleforge.errors import UserError
from particleforge.recipes.cutpaste.canvases.canvas import Canvas, CanvasMaker, Floats
from particleforge.recipes.cutpaste.inpaint import fill_holes
from particleforge.sample import Sample


class Inpainted(Canvas):
    """The micrographs themselves, with every particle painted over. Needs fully annotated images."""

    kind: Literal["inpainted"] = "inpainted"
    rim_px: int = Field(3, ge=0, le=50, description="Width of the rim around each particle that is painted over, too.")

    def prepare(self, samples: Sequence[Sample]) -> CanvasMaker:
        """Paint the particles over once.

        Raises
        ------
        UserError
            If no image is fully annotated: an unlabelled particle would stay in the canvas.
        """
        full = [sample for sample in samples if sample.known is None]
        if not full:
            raise UserError(
                "Inpainted canvases need fully annotated images; all of these are partly annotated.",
                "Use texture canvases, or annotate every particle and remove the background strokes.",
            )
        return _Inpainted([self._paint_over(sample) for sample in full])

    def _paint_over(self, sample: Sample) -> Floats:
        hole = sample.labels > 0
        if self.rim_px:
            hole = ndimage.maximum_filter(hole, 2 * self.rim_px + 1)
        if hole.all():
            raise UserError(
                f"{sample.name}: no background is left outside the particles and their {self.rim_px} px rim.",
                "Use a smaller rim_px or flat canvases.",
            )
        return fill_holes(sample.micrograph.grey, hole)


class _Inpainted(CanvasMaker):
    def __init__(self, canvases: list[Floats]) -> None:
        self.canvases = canvases

    def draw(self, shape: tuple[int, int], rng: np.random.Generator) -> Floats:
        """Return a random crop of a random canvas, extended by mirroring if it is too small."""
        canvas = self.canvases[rng.integers(len(self.canvases))]
        canvas = np.rot90(canvas, int(rng.integers(4))) if rng.random() < 0.5 else canvas
        if rng.random() < 0.5:
            canvas = canvas[:, ::-1]
        short = [max(0, want - have) for want, have in zip(shape, canvas.shape, strict=True)]
        if any(short):
            canvas = np.pad(canvas, [(0, s) for s in short], mode="symmetric")
        top, left = (rng.integers(have - want + 1) for want, have in zip(shape, canvas.shape, strict=True))
        return np.array(canvas[top : top + shape[0], left : left + shape[1]], order="C")
