"""Every geometry there is."""

from typing import Annotated, TypeAlias

from pydantic import Field

from particleforge.recipes.render.geometry.sphere import Sphere

AnyGeometry: TypeAlias = Annotated[Sphere, Field(discriminator="kind")]
