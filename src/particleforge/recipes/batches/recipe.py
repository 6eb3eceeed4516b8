"""Samples in batches that share some of their parameters."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from particleforge.draws import Template, fix
from particleforge.recipes.any import AnyRecipe, read_recipe
from particleforge.recipes.fields import value_of, with_value
from particleforge.recipes.recipe import Recipe
from particleforge.recipes.wrapper import Wrapper
from particleforge.sample import Sample
from particleforge.seeds import stream


class Batches(Wrapper):
    """Another recipe whose samples come in batches with some parameters in common, like several images of one material.

    An estimator that evaluates several images together learns from such samples.
    """

    front: ClassVar[tuple[str, ...]] = ("recipe", "shared", "batches")

    kind: Literal["batches"] = "batches"
    recipe: Annotated[AnyRecipe, Template()] = Field(
        default_factory=partial(read_recipe, "aggregate"), description="Recipe the samples are drawn from."
    )
    shared: tuple[str, ...] = Field(
        (),
        description="Parameters a batch has in common, by name, such as `growth.prefactor` or `materials.TiO2.share`; "
        "all others are drawn for each image. Empty: all parameters are shared.",
    )
    batches: int = Field(100, ge=1, le=10_000_000, description="Number of batches; all are equally likely.")
    seed: int = Field(0, ge=0, description="Seed of the shared parameters: another seed gives other batches.")

    def prepare(self, sources: Sequence[Sample]) -> Any:
        """Prepare the wrapped recipe.

        Raises
        ------
        UserError
            If a shared parameter does not exist or is not a number.
        """
        self.of_batch(0)
        return super().prepare(sources)

    def simulate(self, prepared: Any, rng: np.random.Generator) -> Sample:
        """Return a sample of one of the batches."""
        return fix(self.of_batch(int(rng.integers(self.batches))), rng).simulate(prepared, rng)

    def of_batch(self, number: int) -> Recipe:
        """Recipe of one batch, with the shared parameters fixed."""
        fixed = fix(self.recipe, stream(self.seed, "group", number))
        if not self.shared:
            return fixed
        data, numbers = self.recipe.model_dump(mode="json"), fixed.model_dump(mode="json")
        for name in self.shared:
            data = with_value(data, name, value_of(numbers, name))
        return type(self.recipe).parse(data)
