"""Every way of imaging there is."""

from typing import Annotated, TypeAlias

from pydantic import Field

from particleforge.recipes.aggregate.imaging.bright_field import BrightField
from particleforge.recipes.aggregate.imaging.haadf import Haadf

AnyImaging: TypeAlias = Annotated[Haadf | BrightField, Field(discriminator="kind")]
