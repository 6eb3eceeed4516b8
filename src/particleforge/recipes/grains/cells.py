"""The grains of an image."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from particleforge.errors import UserError
from particleforge.recipes.grains import kernels
from particleforge.recipes.grains.edges.edges import Edges
from particleforge.recipes.grains.kernels import Floats, Ints
from particleforge.recipes.grains.tessellation import tessellate

Image = npt.NDArray[np.float32]
MOST = 200_000
"""Maximum number of grains to draw."""


@dataclass(frozen=True)
class Sizes:
    """Sizes of grains.

    Parameters
    ----------
    diameter_px, gsd
        Median and geometric standard deviation of the equal-area diameter, by number.
    elongation
        Ratio of their length along x to that along y.
    """

    diameter_px: float
    gsd: float
    elongation: float

    @property
    def mean_area(self) -> float:
        """Mean area of a grain in px²."""
        return math.pi / 4 * self.diameter_px**2 * math.exp(2 * math.log(self.gsd) ** 2)

    def fill(self, area: float, rng: np.random.Generator) -> Floats:
        """(n,) areas of grains, drawn until they fill an area in px²; so their number differs from image to image."""
        most = 2 * math.ceil(area / self.mean_area) + 100
        drawn = math.pi / 4 * self.diameter_px**2 * np.exp(2 * math.log(self.gsd) * rng.standard_normal(most))
        return drawn[: max(1, int(np.searchsorted(drawn.cumsum(), area)))]


@dataclass(frozen=True, eq=False)
class Cells:
    """Grains of an image, numbered from 0; some of the numbers are of grains outside.

    Parameters
    ----------
    own, beyond
        (Y, X) grain of each pixel, and the grain beyond the nearest boundary.
    away, further
        (Y, X) distances to the nearest boundary and to the next, in px.
    places
        (Y, X) y and x of each pixel in the diagram, where grains are equiaxed.
    sites
        (n, 2) y and x of a point of each grain in the diagram.
    diameter_px
        Diameter of a grain of mean area.
    """

    own: npt.NDArray[np.int32]
    beyond: npt.NDArray[np.int32]
    away: Image
    further: Image
    places: tuple[Image, Image]
    sites: Floats
    diameter_px: float

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        return self.own.shape[0], self.own.shape[1]

    def __len__(self) -> int:
        return len(self.sites)

    @cached_property
    def areas_px(self) -> Ints:
        """(n,) pixels of each grain in the image."""
        return np.bincount(self.own.ravel(), minlength=len(self))


def draw_cells(shape: tuple[int, int], sizes: Sizes, steps: int, edges: Edges, rng: np.random.Generator) -> Cells:
    """Draw grains that fill an image.

    Parameters
    ----------
    shape
        Height and width.
    sizes
        Wanted sizes.
    steps
        Steps of relaxation; see `tessellate`.
    edges
        How boundaries run.
    rng
        Chooses everything else.

    Raises
    ------
    UserError
        If there are too many grains to draw.
    """
    diameter = math.sqrt(4 * sizes.mean_area / math.pi)
    stretch = math.sqrt(sizes.elongation), 1 / math.sqrt(sizes.elongation)
    box = (shape[0] * stretch[0] + 2 * diameter, shape[1] * stretch[1] + 2 * diameter)
    expected = box[0] * box[1] / sizes.mean_area
    if expected > MOST:
        raise UserError(
            f"An image of {shape[0]} by {shape[1]} px would hold about {expected:.0f} grains; {MOST} can be drawn.",
            "Make the image smaller or the grains larger.",
        )
    areas = sizes.fill(box[0] * box[1], rng) if steps else np.ones(max(1, rng.poisson(expected)))
    tessellation = tessellate(areas, box, steps, rng)
    rows, columns = (
        (np.arange(n, dtype=np.float32) + 0.5) * np.float32(by) + np.float32(diameter)
        for n, by in zip(shape, stretch, strict=True)
    )
    flat = np.broadcast_to(rows[:, None], shape).copy(), np.broadcast_to(columns, shape).copy()
    places, bends = edges.bend(tessellation, flat, diameter, rng)
    own, beyond = np.empty(shape, np.int32), np.empty(shape, np.int32)
    away, further = np.empty(shape, np.float32), np.empty(shape, np.float32)
    kernels.draw_cells(tessellation.net, bends, places, (own, beyond), (away, further))
    return Cells(own, beyond, away, further, places, tessellation.net.sites, diameter)
