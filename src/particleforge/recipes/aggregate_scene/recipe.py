"""The recipe of rendered scenes whose particles are aggregates grown in space."""

from typing import Literal

from pydantic import Field

from particleforge.draws import LogNormal
from particleforge.recipes.aggregate_scene.grown import Grown
from particleforge.recipes.render.population import Population
from particleforge.recipes.render.recipe import Render


class AggregateScene(Render):
    """Aggregates grown in space, lying on a support and rendered as an instrument would show them.

    Growth is as in the recipe `aggregate`, everything else as in `render`. Every primary particle is an instance.
    """

    kind: Literal["aggregate_scene"] = "aggregate_scene"  # type: ignore[assignment]
    populations: tuple[Population, ...] = Field(
        (Population(diameter_nm=LogNormal(median=24, gsd=1.2)),),
        min_length=1,
        description="Kinds of primary particles, each with its share.",
    )
    placement: Grown = Field(Grown(), description="Growth and arrangement of the aggregates.")
