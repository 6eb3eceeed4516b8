"""What a recipe is."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from particleforge.draws import fix
from particleforge.params import Params
from particleforge.sample import Sample, Samples
from particleforge.schema import Schema
from particleforge.seeds import stream


class Recipe(Params):
    """A distribution over annotated micrographs.

    Material is what a recipe prepares once and needs for every sample, such as the cutouts of a
    cut-paste recipe. It is picklable, since worker processes get a copy.
    """

    @abstractmethod
    def prepare(self, sources: Sequence[Sample]) -> Any:
        """Material for `simulate` from annotated micrographs."""

    @abstractmethod
    def frame(self, material: Any) -> tuple[tuple[int, int], npt.DTypeLike]:
        """Largest (height, width) and the dtype of the images this recipe makes."""

    def sample_schema(self, prepared: Any) -> Schema:
        """Arrays and targets the samples have: image and labels where a recipe does not say otherwise."""
        return Schema()

    @abstractmethod
    def simulate(self, material: Any, rng: np.random.Generator) -> Sample:
        """Return one sample. Called on a recipe whose per-image draws are fixed."""


def make_sample(recipe: Recipe, material: Any, seed: int, index: int) -> Sample:
    """Sample number `index` of a recipe with a seed; the same whatever else was made before.

    Raises
    ------
    UserError
        If the recipe cannot be fulfilled, for example more particles than fit.
    """
    fixed = fix(recipe, stream(seed, "fix", index))
    sample = fixed.simulate(material, stream(seed, "simulate", index))
    return replace(sample, micrograph=replace(sample.micrograph, name=f"{index:06d}"))


class Drawn(Samples):
    """Samples of a recipe, drawn when they are asked for.

    Parameters
    ----------
    recipe, material, seed
        See `make_sample`.
    count
        How many.
    """

    def __init__(self, recipe: Recipe, material: Any, seed: int, count: int) -> None:
        self._recipe, self._material, self._seed, self._count = recipe, material, seed, count

    def __len__(self) -> int:
        return self._count

    def at(self, index: int) -> Sample:
        """Draw sample number `index`."""
        return make_sample(self._recipe, self._material, self._seed, index)
