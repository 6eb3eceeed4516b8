"""Materials of rendered particles."""

from pathlib import Path
from typing import Annotated, TypeAlias

from pydantic import Field

from particleforge.params import Params
from particleforge.recipes.named import by_name


class Material(Params):
    """Properties that determine the appearance; typical values, good for images, not for quantification."""

    name: str = Field("silica", description="Name in the truth table.")
    density_g_cm3: float = Field(2.2, gt=0, le=30, description="Density; gives the mass of settling particles.")
    atomic_number: float = Field(
        10.8, ge=1, le=100, description="Mean atomic number by mass; gives the back-scattered brightness."
    )
    se_yield: float = Field(
        1.0, gt=0, le=10, description="Yield of secondary electrons from a flat surface, silica = 1."
    )
    mean_free_path_nm: float = Field(
        137.0, gt=0, le=1e5, description="Path after which 1/e of 200 keV electrons remain in an aperture of 5 mrad."
    )
    refractive_index: float = Field(1.46, gt=0.05, le=5, description="Refractive index at 550 nm.")
    extinction: float = Field(0.0, ge=0, le=10, description="Imaginary part of the refractive index at 550 nm.")


AnyMaterial: TypeAlias = Annotated[Material, by_name(Path(__file__).parent / "materials")]
"""A material, or the name of a file in ``materials``."""
