"""Particles of one kind."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import Field
from typing_extensions import override

from particleforge.draws import Draw, LogUniform, Mixture, OneOf, PerImage, Uniform, Within, number, with_probability
from particleforge.params import Params
from particleforge.recipes.noise import cloud
from particleforge.recipes.placement import Stamp
from particleforge.recipes.shapes import kernels
from particleforge.recipes.shapes.outlines.crescent import Crescent
from particleforge.recipes.shapes.outlines.lumpy import Lumpy
from particleforge.recipes.shapes.outlines.outline import POINTS, AnyOutline, Floats
from particleforge.recipes.shapes.outlines.polygon import Polygon
from particleforge.recipes.shapes.outlines.rod import Rod
from particleforge.recipes.shapes.outlines.superellipse import Superellipse
from particleforge.recipes.shapes.shading.dome import Dome
from particleforge.recipes.shapes.shading.flat import Flat
from particleforge.recipes.shapes.shading.rim import Rim
from particleforge.recipes.shapes.shading.shading import AnyShading
from particleforge.recipes.shapes.shading.shell import Shell

SECTORS = 48
"""Number of directions in which facets are distinguished."""
MARGIN_PX = 2
LEAST_PX = 2
"""Smallest diameter that is drawn."""

OUTLINES: tuple[AnyOutline, ...] = (
    Superellipse(),
    Superellipse(),
    Superellipse(aspect=Uniform(low=1, high=1.8), exponent=Uniform(low=2, high=5)),
    Rod(),
    Rod(aspect=Uniform(low=1.5, high=12), bend_deg=Uniform(low=-40, high=40)),
    Polygon(),
    Polygon(aspect=Uniform(low=1, high=1.2), irregularity=Uniform(low=0, high=0.2)),
    Lumpy(),
    Crescent(),
)
SHADINGS: tuple[AnyShading, ...] = (Flat(), Dome(), Dome(), Rim(), Rim(), Shell())


@dataclass(frozen=True, eq=False)
class Drawn(Stamp):
    """A particle ready to be placed.

    Parameters
    ----------
    corners
        (N, 2) corners (y, x) of the outline in the patch.
    depth
        (Y, X) signed distance from the outline in pixels, positive inside.
    contrast
        Grey value of a relative contrast of 1.
    diameter_px
        Equivalent circular diameter of the outline.
    feret_max_px, feret_min_px
        Largest and smallest distance between parallel tangents.
    """

    corners: npt.NDArray[np.float64]
    depth: npt.NDArray[np.float32]
    contrast: float
    diameter_px: float
    feret_max_px: float
    feret_min_px: float

    @override
    def outline_px(self) -> npt.NDArray[np.float64]:
        return self.corners


class Population(Params):
    """Particles of one kind: their outlines, sizes and appearance."""

    outlines: Annotated[tuple[AnyOutline, ...], OneOf()] = Field(
        OUTLINES, min_length=1, description="Kinds of outline to choose from."
    )
    diameter_px: Annotated[Draw, PerImage(), Within(2, 10_000)] = Field(
        LogUniform(low=5, high=120), description="Median equivalent circular diameter."
    )
    gsd: Annotated[Draw, PerImage(), Within(1, 5)] = Field(
        Mixture(parts=(Uniform(low=1, high=1.15), Uniform(low=1.1, high=1.8)), weights=(0.6, 0.4)),
        description="Geometric standard deviation of the diameters.",
    )
    least_width_px: Annotated[Draw, PerImage(), Within(0, 100)] = Field(
        0.0, description="Narrower particles are enlarged to this width."
    )
    alignment: Annotated[Draw, PerImage(), Within(0, 1)] = Field(
        with_probability(0.25, Uniform(low=0.8, high=1)),
        description="Alignment of the particles: 0 = random, 1 = parallel.",
    )
    contrast: Annotated[Draw, PerImage(), Within(-2, 2)] = Field(
        Mixture(
            parts=(LogUniform(low=0.08, high=0.9), Uniform(low=-0.8, high=-0.08)),
            weights=(0.5, 0.5),
        ),
        description="Grey value of the particles minus that of the background, both between 0 and 1.",
    )
    contrast_spread: Annotated[Draw, PerImage(), Within(0, 1)] = Field(
        Mixture(parts=(Uniform(low=0, high=0.3), Uniform(low=0.3, high=0.6)), weights=(0.8, 0.2)),
        description="Relative standard deviation of the contrast between particles.",
    )
    shadings: Annotated[tuple[AnyShading, ...], OneOf()] = Field(
        SHADINGS, min_length=1, description="Kinds of shading to choose from."
    )
    lit: Annotated[Draw, PerImage(), Within(0, 2)] = Field(
        with_probability(0.4, Uniform(low=0.1, high=0.8)),
        description="Contrast difference between opposite sides of a particle.",
    )
    facets: Annotated[Draw, PerImage(), Within(0, 2)] = Field(
        with_probability(0.15, Uniform(low=0.1, high=0.6)),
        description="Contrast differences between facets of a particle.",
    )
    mottle: Annotated[Draw, PerImage(), Within(0, 2)] = Field(
        with_probability(0.5, Uniform(low=0.02, high=0.3)), description="Contrast of a texture on the particles."
    )
    mottle_scale: Annotated[Draw, PerImage(), Within(0.01, 10)] = Field(
        LogUniform(low=0.08, high=0.8), description="Size of the texture's bumps, in median diameters."
    )
    softness_px: Annotated[Draw, PerImage(), Within(0.2, 50)] = Field(
        LogUniform(low=0.8, high=4), description="Width of the edge."
    )
    halo: Annotated[Draw, PerImage(), Within(-1, 1)] = Field(
        with_probability(0.4, Uniform(low=-0.35, high=0.25)),
        description="Grey value of a halo around particles; below 0: a shadow.",
    )
    halo_width: Annotated[Draw, PerImage(), Within(0.01, 2)] = Field(
        Uniform(low=0.03, high=0.25), description="Reach of the halo, in median diameters."
    )

    def outlined(self, rng: np.random.Generator, count: int, largest_px: float) -> tuple[Floats, Floats, Floats]:
        """Draw outlines.

        Parameters
        ----------
        rng
            Chooses sizes, shapes and angles.
        count
            Number of outlines.
        largest_px
            Upper limit of the diameters; the lower limit is `LEAST_PX`.

        Returns
        -------
        diameters : (count,) float64
            Equivalent circular diameters in px.
        corners : (count, `POINTS`, 2) float64
            Corners (y, x) of polygons around their centre of area.
        ferets : (count, 2) float64
            Largest and smallest distance between parallel tangents.
        """
        corners = self.outlines[0].draw(rng, count, number(self.alignment))
        ferets = _ferets(corners)
        drawn = number(self.diameter_px) * number(self.gsd) ** rng.standard_normal(count)
        drawn = np.maximum(drawn, number(self.least_width_px) / np.maximum(ferets[:, 1], 1e-6))
        diameters = np.clip(drawn, min(LEAST_PX, largest_px), largest_px)
        return diameters, corners * diameters[:, None, None], ferets * diameters[:, None]

    @property
    def halo_px(self) -> float:
        """Reach of the halo."""
        return max(number(self.halo_width) * number(self.diameter_px), 0.7) if number(self.halo) else 0.0

    def draw(self, rng: np.random.Generator, count: int, largest_px: float) -> Iterator[Drawn]:
        """Draw particles up to a largest equivalent circular diameter."""
        diameters_px, corners, ferets = self.outlined(rng, count, largest_px)
        coarsest = max(2.0, number(self.mottle_scale) * number(self.diameter_px))
        noise = np.float32(number(self.mottle)) * cloud((128, 128), coarsest, max(2.0, coarsest / 4), rng)
        profiles = self.shadings[0].profiles(rng, count)
        contrasts = number(self.contrast) * np.maximum(
            1 + number(self.contrast_spread) * rng.standard_normal(count), 0.3
        )
        side, lit = rng.uniform(0, 2 * np.pi), number(self.lit)
        margin = MARGIN_PX + number(self.softness_px) / 2 + 3 * self.halo_px
        for i in range(count):
            depth, outline, centre = _depth(corners[i], margin)
            pixels = np.empty_like(depth)
            slope = (lit * np.sin(side) / diameters_px[i], lit * np.cos(side) / diameters_px[i])
            corner = (int(rng.integers(noise.shape[0])), int(rng.integers(noise.shape[1])))
            kernels.shade(depth, profiles[i], self._facets(rng), slope, centre, noise, corner, pixels)
            alpha = np.clip(np.float32(0.5) + depth / np.float32(number(self.softness_px)), 0, 1)
            if alpha.max() < 0.5:  # thinner than a pixel
                alpha.flat[depth.argmax()] = 0.5
            sizes = (float(diameters_px[i]), *map(float, ferets[i]))
            yield Drawn(pixels, alpha, outline, depth, float(contrasts[i]), *sizes)

    def _facets(self, rng: np.random.Generator) -> Floats:
        """Contrast to add, by direction from the centre."""
        strength = number(self.facets)
        if not strength:
            return np.zeros(SECTORS)
        edges = np.sort(rng.integers(SECTORS, size=rng.integers(2, 6)))
        levels = strength * rng.uniform(-0.5, 0.5, len(edges))
        return np.asarray(levels[np.searchsorted(edges, np.arange(SECTORS)) % len(edges)], float)


def _depth(corners: Floats, margin: float) -> tuple[npt.NDArray[np.float32], Floats, tuple[float, float]]:
    """Signed distance from an outline around (0, 0) in a window around it, the outline and the place of (0, 0) there.

    Of small outlines only every other corner, or fewer, are drawn.
    """
    low, high = np.floor(corners.min(0) - margin), np.ceil(corners.max(0) + margin)
    depth = np.empty((int(high[0] - low[0]) + 1, int(high[1] - low[1]) + 1), np.float32)
    step = max(1, POINTS // max(16, int(np.abs(corners).max() * 4)))
    drawn = np.ascontiguousarray(corners[::step] - low)
    kernels.distances(drawn, depth)
    return depth, drawn, (float(-low[0]), float(-low[1]))


def _ferets(corners: Floats) -> Floats:
    """(count, 2) largest and smallest distance of parallel tangents: in steps of 3 degrees and along every side."""
    sides = np.roll(corners, -1, 1) - corners
    steps = np.broadcast_to(np.deg2rad(np.arange(0, 180, 3)), (len(corners), 60))
    across = np.concatenate([steps, np.arctan2(-sides[..., 1], sides[..., 0])], 1)[:, None]
    reach = corners[..., :1] * np.sin(across) + corners[..., 1:] * np.cos(across)
    widths = reach.max(1) - reach.min(1)
    return np.stack([widths.max(1), widths.min(1)], -1)
