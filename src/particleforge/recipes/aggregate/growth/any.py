"""Every way of growth there is."""

from typing import Annotated, TypeAlias

from pydantic import Field

from particleforge.recipes.aggregate.growth.exact import Exact
from particleforge.recipes.aggregate.growth.paper import Paper

AnyGrowth: TypeAlias = Annotated[Exact | Paper, Field(discriminator="kind")]
