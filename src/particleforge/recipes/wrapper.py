"""What a recipe is that draws from another one."""

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
    """Another recipe, drawn from in a way of its own."""

    recipe: Annotated[AnyRecipe, Template()] = Field(description="The recipe that is drawn from.")

    @property
    @override
    def innermost(self) -> Recipe:
        return self.recipe.innermost

    def prepare(self, sources: Sequence[Sample]) -> Any:
        """Prepare the recipe itself."""
        return self.recipe.prepare(sources)

    def frame(self, material: Any) -> tuple[tuple[int, int], npt.DTypeLike]:
        """Frame of the recipe itself."""
        return self.recipe.frame(material)

    @override
    def sample_schema(self, prepared: Any) -> Schema:
        return self.recipe.sample_schema(prepared)

    @override
    def coarse(self) -> Self:
        return self.replace(recipe=self.recipe.coarse())

    @override
    def context_key(self) -> Any:
        return self.recipe.context_key()
