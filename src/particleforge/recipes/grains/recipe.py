"""The recipe of polycrystals."""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field
from typing_extensions import override

from particleforge.draws import Draw, LogUniform, PerImage, Uniform, Within, number
from particleforge.micrograph import Micrograph
from particleforge.recipes.clutter.clutter import AnyClutter, Reference
from particleforge.recipes.grains.boundary import Boundary
from particleforge.recipes.grains.cells import Cells, Image, Sizes, draw_cells
from particleforge.recipes.grains.edges.edges import AnyEdges
from particleforge.recipes.grains.edges.wavy import Wavy
from particleforge.recipes.grains.greys import Greys
from particleforge.recipes.grains.second_phase import SecondPhase
from particleforge.recipes.grains.truth import numbers, truth_table
from particleforge.recipes.grains.twins import Twins
from particleforge.recipes.imaging.imaging import Imaging
from particleforge.recipes.recipe import Recipe
from particleforge.sample import Sample
from particleforge.schema import Map, Schema
from particleforge.targets.number import Number

CLUTTER_CONTRAST = 0.5
"""Grey value that the strength of clutter refers to."""


class Grains(Recipe):
    """Grains that fill the image: etched metals and ceramics, orientation contrast, two phases.

    After Trampert et al., Crystals 2021, 11, 258. Their plain Voronoi cells have nearly equal sizes; here the cells of
    a power diagram have a wanted size distribution. Grey values are relative, 0 = black and 1 = white.
    """

    front: ClassVar[tuple[str, ...]] = ("height_px", "width_px", "diameter_px", "gsd")

    kind: Literal["grains"] = "grains"
    height_px: int = Field(256, ge=32, le=16384, description="Image height.")
    width_px: int = Field(256, ge=32, le=16384, description="Image width.")
    pixel_size_nm: Annotated[Draw, PerImage(), Within(1e-3, 1e6)] = Field(250.0, description="Side of a pixel.")
    diameter_px: Annotated[Draw, PerImage(), Within(4, 10_000)] = Field(
        LogUniform(low=16, high=50), description="Median equal-area diameter of the grains."
    )
    gsd: Annotated[Draw, PerImage(), Within(1, 2)] = Field(
        Uniform(low=1.15, high=1.6), description="Geometric standard deviation of their diameters."
    )
    elongation: Annotated[Draw, PerImage(), Within(1, 10)] = Field(
        1.0, description="Ratio of their length along x to that along y, as after rolling."
    )
    relaxation: int = Field(
        20,
        ge=0,
        le=1000,
        description="Steps that make the grains compact and their sizes those wanted; 0: the cells of points at random "
        "(Poisson-Voronoi), whatever the wanted sizes.",
    )
    edges: AnyEdges = Field(Wavy(), description="How boundaries run.")
    greys: Greys = Field(Greys(), description="Grey values of the grains.")
    second_phase: SecondPhase = Field(SecondPhase(), description="Grains of another phase.")
    twins: Twins = Field(Twins(), description="Twins.")
    boundary: Boundary = Field(Boundary(), description="Lines along the boundaries.")
    clutter: tuple[AnyClutter, ...] = Field(
        (), description="Structures on top, such as scratches and stains; their sizes are in mean grain diameters."
    )
    imaging: Imaging = Field(Imaging(), description="Effects of the microscope.")

    def prepare(self, sources: Sequence[Sample]) -> None:
        """Do nothing: no sources are needed."""

    def frame(self, prepared: None) -> tuple[tuple[int, int], npt.DTypeLike]:
        """Height and width; 8 bits."""
        return (self.height_px, self.width_px), np.uint8

    @override
    def sample_schema(self, prepared: None) -> Schema:
        return Schema(
            maps={
                "boundary": Map(meaning="Grain boundaries within their drawn width, visible or not."),
                "twins": Map(meaning="Twins; they belong to the grain around them."),
            },
            targets={"boundary_width_px": Number(unit="px", meaning="Width of the widest boundaries.")},
        )

    def simulate(self, prepared: None, rng: np.random.Generator) -> Sample:
        """Return one image; its labels are the grains without the drawn boundaries.

        Raises
        ------
        UserError
            If there are too many grains to draw.
        """
        sizes = Sizes(number(self.diameter_px), number(self.gsd), number(self.elongation))
        cells = draw_cells((self.height_px, self.width_px), sizes, self.relaxation, self.edges, rng)
        second = self.second_phase.choose(cells, rng)
        bands = self.twins.draw(cells, rng)
        lines = self.boundary.widths(cells, rng)
        image = self.second_phase.apply(self.greys.apply(cells, rng), cells, second)
        image = self.twins.apply(image, cells, bands, rng)
        image = self._covered(self.boundary.apply(image, cells, lines, bands, rng), cells, rng)
        pixels = np.rint(np.clip(self.imaging.apply(image, rng), 0, 1) * 255).astype(np.uint8)
        boundary = cells.away <= lines[0] / 2
        labels = np.where(boundary, np.uint32(0), numbers(cells)[cells.own])
        size = number(self.pixel_size_nm)
        truth = truth_table(cells, second, bands.number, size)
        kept = truth[np.bincount(labels.ravel(), minlength=len(truth) + 1)[1:] > 0].reset_index(drop=True)
        return Sample(
            Micrograph(pixels, (size, size)),
            labels,
            truth=kept,
            recipe=self.model_dump(mode="json"),
            maps={"boundary": boundary, "twins": bands.inside},
            targets={"boundary_width_px": number(self.boundary.width_px)},
        )

    def _covered(self, image: Image, cells: Cells, rng: np.random.Generator) -> Image:
        """Add what lies on top of the grains."""
        for one in self.clutter:
            image = one.apply(image, Reference(CLUTTER_CONTRAST, cells.diameter_px), rng)
        return image
