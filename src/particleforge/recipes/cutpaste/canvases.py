"""What particles are pasted onto: inpainted micrographs, flat grey, or texture made from sure background."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Annotated, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from pydantic import Field
from scipy import ndimage

from particleforge.errors import UserError
from particleforge.params import Params
from particleforge.recipes.cutpaste.inpaint import fill_holes
from particleforge.recipes.cutpaste.texture import Exemplar, exemplar, weave
from particleforge.sample import Sample

Floats: TypeAlias = npt.NDArray[np.float32]


class CanvasMaker:
    """Canvases from prepared sources."""

    @abstractmethod
    def draw(self, shape: tuple[int, int], rng: np.random.Generator) -> Floats:
        """(Y, X) float32 canvas without any particle."""


class Inpainted(Params):
    """The micrographs themselves, with every particle painted over. Needs fully annotated images."""

    kind: Literal["inpainted"] = "inpainted"
    rim_px: int = Field(3, ge=0, le=50, description="Rim around each particle that is painted over too.")

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
                f"{sample.name}: no background is left beside the particles and their {self.rim_px} px rim.",
                "Use a smaller rim_px or flat canvases.",
            )
        return fill_holes(sample.micrograph.grey, hole)


class _Inpainted(CanvasMaker):
    def __init__(self, canvases: list[Floats]) -> None:
        self.canvases = canvases

    def draw(self, shape: tuple[int, int], rng: np.random.Generator) -> Floats:
        """Return a random crop of a random canvas, mirrored on where it is too small."""
        canvas = self.canvases[rng.integers(len(self.canvases))]
        canvas = np.rot90(canvas, int(rng.integers(4))) if rng.random() < 0.5 else canvas
        if rng.random() < 0.5:
            canvas = canvas[:, ::-1]
        short = [max(0, want - have) for want, have in zip(shape, canvas.shape, strict=True)]
        if any(short):
            canvas = np.pad(canvas, [(0, s) for s in short], mode="symmetric")
        top, left = (rng.integers(have - want + 1) for want, have in zip(shape, canvas.shape, strict=True))
        return np.array(canvas[top : top + shape[0], left : left + shape[1]], order="C")


class Flat(Params):
    """One grey level: the mean of the background."""

    kind: Literal["flat"] = "flat"

    def prepare(self, samples: Sequence[Sample]) -> CanvasMaker:
        """Take the mean background of each image."""
        levels = [float(s.micrograph.grey[s.background].mean()) for s in samples if s.background.any()]
        if not levels:
            raise _no_background(samples)
        return _Flat(levels)


class _Flat(CanvasMaker):
    def __init__(self, levels: list[float]) -> None:
        self.levels = levels

    def draw(self, shape: tuple[int, int], rng: np.random.Generator) -> Floats:
        """Return an even canvas."""
        return np.full(shape, self.levels[rng.integers(len(self.levels))], np.float32)


class Texture(Params):
    """Texture woven from patches of what is surely background. Right for partly annotated images too."""

    kind: Literal["texture"] = "texture"
    patch_px: int = Field(32, ge=3, le=512, description="Side of the patches; smaller where the background is scarce.")

    def prepare(self, samples: Sequence[Sample]) -> CanvasMaker:
        """Find where patches can be taken from."""
        exemplars = [found for s in samples if (found := exemplar(s.micrograph.grey, s.background, self.patch_px))]
        if not exemplars:
            raise _no_background(samples)
        return _Texture(exemplars)


class _Texture(CanvasMaker):
    def __init__(self, exemplars: list[Exemplar]) -> None:
        self.exemplars = exemplars

    def draw(self, shape: tuple[int, int], rng: np.random.Generator) -> Floats:
        """Weave a canvas from one image's background."""
        return weave(self.exemplars[rng.integers(len(self.exemplars))], shape, rng)


class Auto(Params):
    """Inpainted or texture canvases at random where images are fully annotated, texture elsewhere."""

    kind: Literal["auto"] = "auto"

    def prepare(self, samples: Sequence[Sample]) -> CanvasMaker:
        """Prepare both kinds as far as the annotation and the background allow.

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


def _no_background(samples: Sequence[Sample]) -> UserError:
    return UserError(
        f"None of {len(samples)} image(s) has enough sure background to make a canvas from.",
        "Brush a few background strokes, at least 8 px wide, where there is no particle.",
    )


Canvas: TypeAlias = Annotated[Auto | Inpainted | Texture | Flat, Field(discriminator="kind")]
