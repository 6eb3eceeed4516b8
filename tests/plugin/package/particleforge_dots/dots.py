"""Square dots on a dark ground."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, PerImage, Uniform, Within, number
from particleforge.micrograph import Micrograph
from particleforge.recipes.recipe import Recipe
from particleforge.sample import Sample


class Dots(Recipe):
    """Square dots on a dark ground."""

    kind: Literal["dots"] = "dots"
    side_px: Annotated[Draw, PerImage(), Within(1, 8)] = Field(Uniform(low=1, high=8), description="Side of a dot.")

    def prepare(self, sources: Sequence[Sample]) -> None:
        """Nothing is needed."""

    def frame(self, prepared: None) -> tuple[tuple[int, int], Any]:
        """32 pixels square; 8 bits."""
        return (32, 32), np.uint8

    def simulate(self, prepared: None, rng: np.random.Generator) -> Sample:
        """Return four dots."""
        labels, side = np.zeros((32, 32), np.uint32), round(number(self.side_px))
        for label, (y, x) in enumerate(((2, 2), (2, 18), (18, 2), (18, 18)), 1):
            labels[y : y + side, x : x + side] = label
        pixels = np.where(labels > 0, 200, 50).astype(np.uint8)
        return Sample(Micrograph(pixels, (1.0, 1.0)), labels, recipe=self.model_dump(mode="json"))
