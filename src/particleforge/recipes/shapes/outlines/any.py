"""Every outline there is."""

from typing import Annotated, TypeAlias

from pydantic import Field

from particleforge.recipes.shapes.outlines.crescent import Crescent
from particleforge.recipes.shapes.outlines.lumpy import Lumpy
from particleforge.recipes.shapes.outlines.polygon import Polygon
from particleforge.recipes.shapes.outlines.rod import Rod
from particleforge.recipes.shapes.outlines.superellipse import Superellipse

AnyOutline: TypeAlias = Annotated[Superellipse | Rod | Polygon | Lumpy | Crescent, Field(discriminator="kind")]
