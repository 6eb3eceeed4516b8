"""What a recipe is."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Self

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

    kind: str
    takes_annotated: ClassVar[bool] = False
    """Whether it draws from annotated micrographs; others are prepared from none."""
    moves_sizes: ClassVar[bool] = False
    """Whether sizes of its samples are to be compared with those of the annotated micrographs."""
    front: ClassVar[tuple[str, ...]] = ()
    """Fields a form shows first; all others are folded away."""

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

    @property
    def innermost(self) -> "Recipe":
        """What images are drawn from: itself, or the recipe that it holds."""
        return self

    def coarse(self) -> Self:
        """Return the recipe for previews: particles as they will be, images quicker and perhaps grainier."""
        return self

    def context_key(self) -> Any:
        """Return what `prepare` depends on besides its sources; the material is kept while that is equal."""
        return self

    @classmethod
    def made_by(cls, record: Mapping[str, Any]) -> str:
        """Say how a sample was made, in a sentence, from the record of its recipe; mostly there is nothing to say."""
        return ""


class DescribingRecipe(Recipe):
    """A recipe that can say in numbers what it draws, without making an image of it."""

    @abstractmethod
    def describe(self, rng: np.random.Generator) -> dict[str, float]:
        """Draw and describe one sample. Called on a recipe whose per-image draws are fixed."""


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
