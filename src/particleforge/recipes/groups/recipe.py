"""Samples in groups that share some of their parameters."""

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


class Groups(Wrapper):
    """Another recipe whose samples come in groups with some parameters in common, as several images of one material do.

    An estimator that reads several images at once learns from such samples.
    """

    front: ClassVar[tuple[str, ...]] = ("recipe", "shared", "groups")

    kind: Literal["groups"] = "groups"
    recipe: Annotated[AnyRecipe, Template()] = Field(
        default_factory=partial(read_recipe, "aggregate"), description="The recipe that is drawn from."
    )
    shared: tuple[str, ...] = Field(
        (),
        description="Parameters a group has in common, by name, such as `growth.prefactor` or `materials.TiO2.share`; "
        "all others are drawn anew for each image. Empty: nothing is drawn anew.",
    )
    groups: int = Field(100, ge=1, le=10_000_000, description="How many groups there are; each is as likely.")
    seed: int = Field(0, ge=0, description="Seed of the groups' parameters: another one gives other groups.")

    def prepare(self, sources: Sequence[Sample]) -> Any:
        """Prepare the recipe itself.

        Raises
        ------
        UserError
            If a shared parameter does not exist or is no number.
        """
        self.of_group(0)
        return super().prepare(sources)

    def simulate(self, material: Any, rng: np.random.Generator) -> Sample:
        """Return a sample of one of the groups."""
        return fix(self.of_group(int(rng.integers(self.groups))), rng).simulate(material, rng)

    def of_group(self, number: int) -> Recipe:
        """Recipe of one group: what its samples share is fixed."""
        fixed = fix(self.recipe, stream(self.seed, "group", number))
        if not self.shared:
            return fixed
        data, numbers = self.recipe.model_dump(mode="json"), fixed.model_dump(mode="json")
        for name in self.shared:
            data = with_value(data, name, value_of(numbers, name))
        return type(self.recipe).parse(data)
