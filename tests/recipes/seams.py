"""A recipe whose samples have a mask of boundaries and the class of the image; worker processes import it."""

import time
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from pydantic import Field

from particleforge.micrograph import Micrograph
from particleforge.recipes.recipe import Recipe
from particleforge.sample import Sample
from particleforge.schema import Map, Schema
from particleforge.targets.category import Category

SIDE = 12


class Seams(Recipe):
    """Two grains, one above the other."""

    kind: Literal["seams"] = "seams"
    pause_s: float = Field(0, description="How long a sample takes.")

    def prepare(self, sources: Sequence[Sample]) -> Any:
        return ("anatase", "rutile")

    def frame(self, prepared: Any) -> Any:
        return (SIDE, SIDE), np.uint8

    def sample_schema(self, prepared: Any) -> Schema:
        return Schema(maps={"boundary": Map()}, targets={"phase": Category(names=prepared)})

    def simulate(self, prepared: Any, rng: np.random.Generator) -> Sample:
        time.sleep(self.pause_s)
        rows = np.indices((SIDE, SIDE))[0]
        seam = int(rng.integers(1, SIDE))
        labels = np.where(rows < seam, 1, 2).astype(np.uint32)
        pixels = rng.integers(0, 99, labels.shape) + 100 * (labels == 1)
        targets = {"phase": prepared[seam % 2]}
        return Sample(
            Micrograph(pixels.astype(np.uint8)), labels, maps={"boundary": np.abs(rows - seam) < 2}, targets=targets
        )
