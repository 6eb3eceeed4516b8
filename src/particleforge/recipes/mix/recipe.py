"""Samples from several recipes, each with its own share."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field, PositiveFloat, model_validator
from typing_extensions import override

from particleforge.draws import Template, fix
from particleforge.errors import UserError
from particleforge.recipes.any import AnyRecipe, read_recipe
from particleforge.recipes.recipe import Recipe
from particleforge.sample import Sample
from particleforge.schema import Schema


class Mix(Recipe):
    """Several recipes with a share each; every sample is drawn from one of them."""

    front: ClassVar[tuple[str, ...]] = ("recipes", "shares")

    kind: Literal["mix"] = "mix"
    recipes: Annotated[tuple[AnyRecipe, ...], Template()] = Field(
        default_factory=lambda: (read_recipe("shapes"),),
        min_length=1,
        description="Recipes the samples are drawn from.",
    )
    shares: tuple[PositiveFloat, ...] = Field((1.0,), description="Share of each recipe; they need not add up to 1.")

    @model_validator(mode="after")
    def _paired(self) -> "Mix":
        if len(self.recipes) != len(self.shares):
            raise ValueError(f"{len(self.recipes)} recipes but {len(self.shares)} shares")
        return self

    def prepare(self, sources: Sequence[Sample]) -> Any:
        """Prepare every recipe.

        Raises
        ------
        UserError
            If the images of two recipes differ in size, dtype or in what is known about them.
        """
        prepared = [recipe.prepare(sources) for recipe in self.recipes]
        pairs = list(zip(self.recipes, prepared, strict=True))
        frames = [(*shape, np.dtype(dtype).name) for shape, dtype in (recipe.frame(one) for recipe, one in pairs)]
        for number, frame in enumerate(frames, 1):
            if frame != frames[0]:
                raise UserError(
                    f"Recipe {number} makes images of {frame[0]} x {frame[1]} px, {frame[2]}, recipe 1 of "
                    f"{frames[0][0]} x {frames[0][1]} px, {frames[0][2]}.",
                    "Give all recipes of a mix the same height_px and width_px.",
                )
        schemas = self._schemas(prepared)
        if any(schema != schemas[0] for schema in schemas):
            raise UserError(
                "The samples of these recipes hold different arrays or targets.", "Mix recipes of one kind."
            )
        return prepared

    def frame(self, prepared: Any) -> tuple[tuple[int, int], npt.DTypeLike]:
        """Frame of the first recipe, which is that of all."""
        return self.recipes[0].frame(prepared[0])

    @override
    def sample_schema(self, prepared: Any) -> Schema:
        return self._schemas(prepared)[0]

    def _schemas(self, prepared: Any) -> list[Schema]:
        """Return the schema of each recipe, with outlines only if all recipes know them."""
        schemas = [recipe.sample_schema(one) for recipe, one in zip(self.recipes, prepared, strict=True)]
        if all("outlines" in schema.targets for schema in schemas):
            return schemas
        return [schema.replace(targets=_without_outlines(schema.targets)) for schema in schemas]

    def simulate(self, prepared: Any, rng: np.random.Generator) -> Sample:
        """Return a sample of one of the recipes."""
        shares = np.asarray(self.shares)
        chosen = int(rng.choice(len(shares), p=shares / shares.sum()))
        sample = fix(self.recipes[chosen], rng).simulate(prepared[chosen], rng)
        if "outlines" in self.sample_schema(prepared).targets:
            return sample
        return replace(sample, targets=_without_outlines(sample.targets))


def _without_outlines(targets: Mapping[str, Any]) -> dict[str, Any]:
    return {name: target for name, target in targets.items() if name != "outlines"}
