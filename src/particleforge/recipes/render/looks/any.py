"""Every look there is."""

from typing import Annotated, TypeAlias

from pydantic import Field

from particleforge.recipes.render.looks.secondary import Secondary
from particleforge.recipes.render.presets import by_name

AnyLook: TypeAlias = Annotated[Secondary, by_name("instruments"), Field(discriminator="kind")]
"""A look, or the name of a file in ``instruments``."""
