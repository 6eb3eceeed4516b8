"""The recipe of cracks."""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field
from scipy import ndimage
from typing_extensions import override

from particleforge.draws import Draw, LogUniform, PerImage, Uniform, Within, number
from particleforge.micrograph import Micrograph
from particleforge.recipes.clutter.clutter import AnyClutter, Reference
from particleforge.recipes.cracks.kernels import draw_path
from particleforge.recipes.cracks.params import Course
from particleforge.recipes.cracks.paths import Path, draw_crack
from particleforge.recipes.imaging.imaging import Imaging
from particleforge.recipes.noise import cloud
from particleforge.recipes.recipe import Recipe
from particleforge.sample import Sample
from particleforge.schema import Map, Schema

Image = npt.NDArray[np.float32]
FAR = 3.0
"""Pixels around cracks in which their depth is computed."""


class Cracks(Recipe):
    """Cracks on textured surfaces, with their masks, centre lines, widths and lengths.

    After Trampert et al., Crystals 2021, 11, 258, with branches and rough edges. Grey values are relative, 0 = black
    and 1 = white.
    """

    front: ClassVar[tuple[str, ...]] = ("height_px", "width_px", "count", "course")

    kind: Literal["cracks"] = "cracks"
    height_px: int = Field(256, ge=32, le=16384, description="Image height.")
    width_px: int = Field(256, ge=32, le=16384, description="Image width.")
    count: Annotated[Draw, PerImage(), Within(0, 1000)] = Field(
        Uniform(low=0.51, high=3.49), description="Number of cracks, rounded to an integer."
    )
    course: Course = Field(Course(), description="How cracks run.")
    intensity: Annotated[Draw, PerImage(), Within(-1, 1)] = Field(
        Uniform(low=-0.6, high=-0.15), description="Grey value of the cracks minus that of the surface."
    )
    rim: Annotated[Draw, PerImage(), Within(0, 1)] = Field(
        Uniform(low=0, high=0.3), description="Brightness of their edges, as by charging, relative to the intensity."
    )
    level: Annotated[Draw, PerImage(), Within(0, 1)] = Field(
        Uniform(low=0.4, high=0.8), description="Mean grey value of the surface."
    )
    texture: Annotated[Draw, PerImage(), Within(0, 0.5)] = Field(
        Uniform(low=0.01, high=0.08), description="Standard deviation of the grey value of the surface."
    )
    wave_px: Annotated[Draw, PerImage(), Within(2, 1000)] = Field(
        LogUniform(low=8, high=80), description="Width of the widest bumps of the surface."
    )
    clutter: tuple[AnyClutter, ...] = Field(
        (), description="Structures that are not cracks, such as scratches and stains; sizes are in parts of 30 px."
    )
    imaging: Imaging = Field(Imaging(), description="Effects of the microscope.")

    def prepare(self, sources: Sequence[Sample]) -> None:
        """Do nothing: no sources are needed."""

    def frame(self, prepared: None) -> tuple[tuple[int, int], npt.DTypeLike]:
        """Height and width; 8 bits."""
        return (self.height_px, self.width_px), np.uint8

    @override
    def sample_schema(self, prepared: None) -> Schema:
        return Schema(maps={"centre_line": Map(meaning="Centre lines of cracks, one pixel wide.")})

    def simulate(self, prepared: None, rng: np.random.Generator) -> Sample:
        """Return one image; each crack with its branches has a label, and those that touch have one together."""
        shape = self.height_px, self.width_px
        cracks = [draw_crack(self.course, shape, rng) for _ in range(round(number(self.count)))]
        depth, lines = np.full(shape, -FAR, np.float32), np.full(shape, -FAR, np.float32)
        for path in (path for crack in cracks for path in crack):
            draw_path(path.points, path.widths, FAR, depth)
            draw_path(path.points, np.zeros(len(path.points)), 1.0, lines)
        wave = number(self.wave_px)
        image = np.float32(number(self.level)) + np.float32(number(self.texture)) * cloud(shape, wave, 2.0, rng)
        for one in self.clutter:
            image = one.apply(image, Reference(number(self.intensity), 30.0), rng)
        image = self._cracked(image, depth)
        pixels = np.rint(np.clip(self.imaging.apply(image, rng), 0, 1) * 255).astype(np.uint8)
        centre = lines > -0.5
        labels, _ = ndimage.label((depth > 0) | centre, np.ones((3, 3)))
        return Sample(
            Micrograph(pixels),
            labels.astype(np.uint32),
            truth=_truth(labels, depth, centre, cracks),
            recipe=self.model_dump(mode="json"),
            maps={"centre_line": centre},
        )

    def _cracked(self, image: Image, depth: Image) -> Image:
        """Darken cracks, and brighten their edges."""
        intensity = np.float32(number(self.intensity))
        cover = np.clip(depth + np.float32(0.5), 0, 1)
        edge = np.exp(-np.square(depth + 1)) * (1 - cover)
        return np.asarray(image + intensity * (cover - np.float32(number(self.rim)) * edge), np.float32)


def _truth(
    labels: npt.NDArray[np.integer], depth: Image, centre: npt.NDArray[np.bool_], cracks: Sequence[Sequence[Path]]
) -> pd.DataFrame:
    """One row per label: cracks in the image, those that touch as one."""
    numbers = np.arange(1, int(labels.max(initial=0)) + 1)
    lengths, branches = np.zeros(len(numbers) + 1), np.zeros(len(numbers) + 1, np.int64)
    for crack in cracks:
        for k, path in enumerate(crack):
            middles, steps = (path.points[1:] + path.points[:-1]) / 2, np.hypot(*np.diff(path.points, axis=0).T)
            y, x = np.rint(middles).astype(np.int64).T
            inside = (y >= 0) & (y < labels.shape[0]) & (x >= 0) & (x < labels.shape[1])
            own = labels[y[inside], x[inside]]
            lengths += np.bincount(own, steps[inside], len(lengths))
            branches[np.unique(own)] += k > 0
    widest = np.asarray(ndimage.maximum(depth, labels, numbers), float).reshape(-1)
    areas = np.bincount(labels.ravel(), minlength=len(numbers) + 1)[1:]
    lengths = np.maximum(lengths[1:], 1)
    middle = np.array(ndimage.center_of_mass(labels > 0, labels, numbers), float).reshape(-1, 2)
    return pd.DataFrame(
        {
            "label": numbers.astype(np.uint32),
            "x_px": middle[:, 1],
            "y_px": middle[:, 0],
            "area_px": areas,
            "length_px": lengths,
            "mean_width_px": areas / lengths,
            "largest_width_px": 2 * np.maximum(widest, 0),
            "branches": branches[1:],
        }
    )
