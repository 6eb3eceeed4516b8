"""The warp recipe."""

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from pydantic import Field
from typing_extensions import override

from particleforge.errors import UserError
from particleforge.recipes.recipe import Recipe
from particleforge.recipes.warp.deformations.deformation import AnyDeformation
from particleforge.recipes.warp.deformations.grid import GridWarp
from particleforge.sample import Sample
from particleforge.schema import Schema
from particleforge.targets.outlines import Outlines

Prepared: TypeAlias = tuple[Sample, ...]


class Warp(Recipe):
    """Annotated micrographs, deformed: more shapes to learn from, or images whose true sizes are hidden.

    Grid and piecewise affine warps change shapes and spread sizes, but keep the frame and thus the mean area; scaling
    shifts the mean and keeps shapes. To hide a size distribution apply both; `size_changes` reports how far it shifted.
    """

    takes_annotated: ClassVar[bool] = True
    moves_sizes: ClassVar[bool] = True
    front: ClassVar[tuple[str, ...]] = ("deformation",)

    kind: Literal["warp"] = "warp"
    deformation: AnyDeformation = Field(GridWarp(), description="How images are deformed.")

    def prepare(self, sources: Sequence[Sample]) -> Prepared:
        """Keep the annotated micrographs.

        Raises
        ------
        UserError
            If there are none.
        """
        if not sources:
            raise UserError("Warp needs at least one annotated image; none was given.")
        return tuple(sources)

    def frame(self, prepared: Prepared) -> tuple[tuple[int, int], npt.DTypeLike]:
        """Largest height and width, and the dtype that can hold the pixels of all sources."""
        heights, widths = zip(*(sample.labels.shape for sample in prepared), strict=True)
        return (max(heights), max(widths)), np.result_type(*(sample.micrograph.pixels.dtype for sample in prepared))

    @override
    def sample_schema(self, prepared: Prepared) -> Schema:
        return Schema(targets={"outlines": Outlines()} if _all_outlined(prepared) else {})

    def simulate(self, prepared: Prepared, rng: np.random.Generator) -> Sample:
        """Deform one of the sources, each equally likely.

        Raises
        ------
        UserError
            If that source cannot be warped; see `Deformation.warp`.
        """
        warped = self.deformation.warp(prepared[rng.integers(len(prepared))], rng)
        _, dtype = self.frame(prepared)
        pixels = warped.micrograph.pixels.astype(dtype, copy=False)
        micrograph = replace(warped.micrograph, pixels=pixels)
        targets = warped.targets if _all_outlined(prepared) else {}
        return replace(warped, micrograph=micrograph, recipe=self.model_dump(mode="json"), targets=targets)


def _all_outlined(samples: Prepared) -> bool:
    """Whether the whole outlines are known in every sample; else no sample of the recipe has them."""
    return all(sample.outlines is not None for sample in samples)
