"""Materials of the spheres of an aggregate."""

from pathlib import Path
from typing import Annotated, TypeAlias

from pydantic import Field

from particleforge.draws import Draw, LogNormal, PerImage, PerParticle, Within
from particleforge.params import Params
from particleforge.recipes.aggregate.table import Crystal
from particleforge.recipes.named import by_name


class Material(Params):
    """Primary particles of one material: their number, size, clusters and scattering."""

    name: str = Field("TiO2", description="Name in the truth table.")
    formula: str = Field("TiO2", min_length=1, description="Composition, such as WO3 or C; determines the scattering.")
    density_g_cm3: float = Field(4.0, gt=0, le=30, description="Density.")
    share: Annotated[Draw | None, PerImage(), Within(0, 1)] = Field(
        None, description="Expected share of the particles; empty: the rest left by the other materials."
    )
    cluster_size: Annotated[Draw, PerImage(), Within(1, 10_000)] = Field(
        1.0, description="Number of particles in a primary cluster, rounded."
    )
    radius_nm: Annotated[Draw, PerImage(), Within(0.05, 100_000)] = Field(5.78, description="Median radius.")
    gsd: Annotated[Draw, PerImage(), Within(1, 3)] = Field(
        1.41, description="Geometric standard deviation of the radii; 1: all equal."
    )
    orientation_factor: Annotated[Draw, PerParticle(), Within(0)] = Field(
        LogNormal(median=1, gsd=1.15),
        description="Factor on the scattering of each particle, since crystals scatter more along their axes. Those of "
        "`crystals` need none.",
    )
    crystals: tuple[Crystal, ...] = Field(
        (),
        description="Crystals of the table of simulations, such as rutile; each particle is one of them, seen along "
        "one of its directions. For HAADF at 300 kV; elsewhere, or where empty: independent atoms.",
    )


AnyMaterial: TypeAlias = Annotated[Material, by_name(Path(__file__).parent / "materials")]
"""A material, or the name of a file in ``materials``."""
