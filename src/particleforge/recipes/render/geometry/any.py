"""Every geometry there is."""

from typing import Annotated, TypeAlias

from pydantic import Field

from particleforge.recipes.render.geometry.cuboid import Cuboid
from particleforge.recipes.render.geometry.ellipsoid import Ellipsoid
from particleforge.recipes.render.geometry.file import File
from particleforge.recipes.render.geometry.metaball import Metaball
from particleforge.recipes.render.geometry.polyhedron import Polyhedron
from particleforge.recipes.render.geometry.potato import Potato
from particleforge.recipes.render.geometry.prism import Prism
from particleforge.recipes.render.geometry.rod import Rod
from particleforge.recipes.render.geometry.sphere import Sphere
from particleforge.recipes.render.geometry.superellipsoid import Superellipsoid
from particleforge.recipes.render.geometry.worm import Worm

AnyGeometry: TypeAlias = Annotated[
    Sphere | Ellipsoid | Cuboid | Rod | Prism | Polyhedron | Superellipsoid | Potato | Worm | Metaball | File,
    Field(discriminator="kind"),
]
