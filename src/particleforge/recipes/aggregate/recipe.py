"""The recipe of aggregates."""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field
from typing_extensions import override

from particleforge.draws import Choice, Draw, PerImage, Uniform, Within, number
from particleforge.micrograph import Micrograph
from particleforge.recipes.aggregate.descriptors import describe
from particleforge.recipes.aggregate.growth.exact import Exact
from particleforge.recipes.aggregate.growth.growth import AnyGrowth
from particleforge.recipes.aggregate.imaging.haadf import Haadf
from particleforge.recipes.aggregate.imaging.imaging import AnyImaging
from particleforge.recipes.aggregate.material import AnyMaterial, Material
from particleforge.recipes.aggregate.view import label, outlines, truth_table, view_of
from particleforge.recipes.recipe import DescribingRecipe
from particleforge.sample import Sample
from particleforge.schema import Schema
from particleforge.targets.outlines import Outlines

SIZES = Choice(values=(1, 2, 3, 4, 5, 6))
TUNGSTEN_TRIOXIDE = Material(
    name="WO3",
    formula="WO3",
    density_g_cm3=7.16,
    cluster_size=SIZES,
    radius_nm=6.3,
    gsd=1.31,
    crystals=("wo3_gamma", "wo3_delta"),
)
TITANIUM_DIOXIDE = Material(share=Uniform(low=0.1, high=0.9), cluster_size=SIZES, crystals=("rutile", "anatase"))


class Aggregate(DescribingRecipe):
    """Aggregates of touching spheres of one or more materials, grown in space and imaged in transmission.

    The default is the family of hetero-aggregates of TiO2 and WO3 in HAADF-STEM images.
    """

    front: ClassVar[tuple[str, ...]] = ("pixel_size_nm", "growth", "materials")

    kind: Literal["aggregate"] = "aggregate"
    height_px: int = Field(512, ge=32, le=16384, description="Image height.")
    width_px: int = Field(512, ge=32, le=16384, description="Image width.")
    pixel_size_nm: Annotated[Draw, PerImage(), Within(0.001, 1e5)] = Field(0.5, description="Side of a pixel.")
    growth: AnyGrowth = Field(Exact(), description="How the aggregate grows.")
    materials: tuple[AnyMaterial, ...] = Field(
        (TUNGSTEN_TRIOXIDE, TITANIUM_DIOXIDE), min_length=1, description="Materials of the particles."
    )
    imaging: AnyImaging = Field(Haadf(), description="How the aggregate is imaged.")

    def prepare(self, sources: Sequence[Sample]) -> None:
        """Do nothing: no sources are needed."""

    def frame(self, prepared: None) -> tuple[tuple[int, int], npt.DTypeLike]:
        """Height and width; pixels are shares of the electrons."""
        return (self.height_px, self.width_px), np.float32

    @override
    def sample_schema(self, prepared: None) -> Schema:
        return Schema(targets={"outlines": Outlines()})

    def simulate(self, prepared: None, rng: np.random.Generator) -> Sample:
        """Return one image with its labels and truth.

        Raises
        ------
        UserError
            If there is no aggregate with these parameters.
        """
        spheres = self.growth.grow(self.materials, rng)
        size = number(self.pixel_size_nm)
        view = view_of(spheres, (self.height_px, self.width_px), size)
        labels, areas = label(view)
        image = self.imaging.expose(view, spheres, self.materials, rng)
        truth = truth_table(view, spheres, tuple(one.name for one in self.materials), labels, areas)
        return Sample(
            Micrograph(image, (size, size)),
            labels,
            truth=truth,
            recipe=self.model_dump(mode="json"),
            targets={"outlines": outlines(view, truth["visible_fraction"])},
        )

    def describe(self, rng: np.random.Generator) -> dict[str, float]:
        """Grow and describe one aggregate.

        Raises
        ------
        UserError
            If there is no aggregate with these parameters.
        """
        names = [material.name for material in self.materials]
        densities = [material.density_g_cm3 for material in self.materials]
        spheres = self.growth.grow(self.materials, rng)
        return describe(spheres, names, densities, self.growth.contact_factor)
