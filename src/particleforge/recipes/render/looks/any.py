"""Every look there is."""

from typing import Annotated, TypeAlias

from pydantic import Field

from particleforge.recipes.render.looks.backscatter import Backscatter
from particleforge.recipes.render.looks.optical import Optical
from particleforge.recipes.render.looks.secondary import Secondary
from particleforge.recipes.render.looks.stylised import Categorical, Depth, Normals, XRay
from particleforge.recipes.render.looks.transmission import Transmission
from particleforge.recipes.render.named import by_name

AnyLook: TypeAlias = Annotated[
    Secondary | Backscatter | Transmission | Optical | Categorical | Normals | Depth | XRay,
    by_name("instruments"),
    Field(discriminator="kind"),
]
"""A look, or the name of a file in ``instruments``."""
