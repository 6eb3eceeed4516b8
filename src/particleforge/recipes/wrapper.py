"""Recipes that draw from another recipe."""

from collections.abc import Sequence
from typing import Annotated, Any, Self

import numpy.typing as npt
from pydantic import Field
from typing_extensions import override

from particleforge.draws import Template
from particleforge.recipes.any import AnyRecipe
from particleforge.recipes.recipe import Recipe
from particleforge.sample import Sample
from particleforge.schema import Schema


class Wrapper(Recipe):
    """A recipe that wraps another one and draws from it in its own way."""

    recipe: Annotated[AnyRecipe, Template()] = Field(description="Recipe the samples are drawn from.")

    @property
    @override
    def innermost(self) -> Recipe:
        return self.recipe.innermost

    def prepare(self, sources: Sequence[Sample]) -> Any:
        """Prepare the wrapped recipe."""
        return self.recipe.prepare(sources)

    def frame(self, prepared: Any) -> tuple[tuple[int, int], npt.DTypeLike]:
        """Frame of the wrapped recipe."""
        return self.recipe.frame(prepared)

    @override
    def sample_schema(self, prepared: Any) -> Schema:
        return self.recipe.sample_schema(prepared)

    @override
    def coarse(self) -> Self:
        return self.replace(recipe=self.recipe.coarse())

    @override
    def context_key(self) -> Any:
        return self.recipe.context_key()
