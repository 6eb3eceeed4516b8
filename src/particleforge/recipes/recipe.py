"""The interface of recipes."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from particleforge.draws import fix
from particleforge.errors import UserError
from particleforge.params import Params
from particleforge.sample import Sample, Samples
from particleforge.schema import Schema
from particleforge.seeds import stream


class Recipe(Params):
    """A distribution over annotated micrographs.

    `prepare` computes once what every sample needs, such as the cutouts of a cut-paste recipe. The result is
    picklable, since worker processes get a copy.
    """

    kind: str
    takes_annotated: ClassVar[bool] = False
    """Whether it draws from annotated micrographs; other recipes need none."""
    moves_sizes: ClassVar[bool] = False
    """Whether to compare the sizes in its samples with those in the annotated micrographs."""

    @abstractmethod
    def prepare(self, sources: Sequence[Sample]) -> Any:
        """Compute what `simulate` needs from annotated micrographs."""

    @abstractmethod
    def frame(self, prepared: Any) -> tuple[tuple[int, int], npt.DTypeLike]:
        """Largest (height, width) and the dtype of the images that this recipe makes."""

    def sample_schema(self, prepared: Any) -> Schema:
        """Arrays and targets of the samples; image and labels unless a recipe overrides it."""
        return Schema()

    @abstractmethod
    def simulate(self, prepared: Any, rng: np.random.Generator) -> Sample:
        """Return one sample. Called on a recipe whose per-image draws are fixed."""

    @property
    def innermost(self) -> "Recipe":
        """The recipe that images are drawn from: itself, or the one it wraps."""
        return self

    def coarse(self) -> Self:
        """Return the recipe for previews: the same particles, but images that are faster to make and may be noisier."""
        return self

    def context_key(self) -> Any:
        """Return what `prepare` depends on apart from its sources; its result is reused while this is equal."""
        return self

    @classmethod
    def made_by(cls, record: Mapping[str, Any]) -> str:
        """Sentence on how a sample was made, from the record of its recipe; empty for most recipes."""
        return ""


class DescribingRecipe(Recipe):
    """A recipe that can describe in numbers what it draws, without making an image of it."""

    @abstractmethod
    def describe(self, rng: np.random.Generator) -> dict[str, float]:
        """Draw and describe one sample. Called on a recipe whose per-image draws are fixed."""


def make_sample(recipe: Recipe, prepared: Any, seed: int, index: int) -> Sample:
    """Sample number `index` of a recipe with a seed; independent of what was made before.

    Raises
    ------
    UserError
        If the recipe cannot be satisfied, for example if it asks for more particles than fit.
    """
    fixed = fix(recipe, stream(seed, "fix", index))
    try:
        sample = fixed.simulate(prepared, stream(seed, "simulate", index))
    except (MemoryError, OverflowError) as error:
        raise UserError(
            f"Sample {index} of the recipe needs more memory than there is, or holds a number that is too large.",
            "Make images or particles smaller.",
        ) from error
    return replace(sample, micrograph=replace(sample.micrograph, name=f"{index:06d}"))


class Drawn(Samples):
    """Samples of a recipe, drawn on demand.

    Parameters
    ----------
    recipe, prepared, seed
        See `make_sample`.
    count
        Number of samples.
    """

    def __init__(self, recipe: Recipe, prepared: Any, seed: int, count: int) -> None:
        self._recipe, self._prepared, self._seed, self._count = recipe, prepared, seed, count

    def __len__(self) -> int:
        return self._count

    def at(self, index: int) -> Sample:
        """Draw sample number `index`."""
        return make_sample(self._recipe, self._prepared, self._seed, index)
