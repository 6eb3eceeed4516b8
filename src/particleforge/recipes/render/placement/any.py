"""Every placement there is."""

from typing import Annotated, TypeAlias

from pydantic import Field

from particleforge.recipes.render.placement.scattered import Scattered

AnyPlacement: TypeAlias = Annotated[Scattered, Field(discriminator="kind")]
