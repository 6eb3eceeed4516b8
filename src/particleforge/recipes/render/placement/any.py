"""Every placement there is."""

from typing import Annotated, TypeAlias

from pydantic import Field

from particleforge.recipes.render.placement.agglomerate import Agglomerate
from particleforge.recipes.render.placement.lattice import Lattice
from particleforge.recipes.render.placement.monolayer import Monolayer
from particleforge.recipes.render.placement.pile import Pile
from particleforge.recipes.render.placement.scattered import Scattered

AnyPlacement: TypeAlias = Annotated[Scattered | Lattice | Monolayer | Pile | Agglomerate, Field(discriminator="kind")]
