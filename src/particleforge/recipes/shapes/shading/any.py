"""Every shading there is."""

from typing import Annotated, TypeAlias

from pydantic import Field

from particleforge.recipes.shapes.shading.dome import Dome
from particleforge.recipes.shapes.shading.flat import Flat
from particleforge.recipes.shapes.shading.rim import Rim
from particleforge.recipes.shapes.shading.shell import Shell

AnyShading: TypeAlias = Annotated[Flat | Dome | Rim | Shell, Field(discriminator="kind")]
