"""Twins."""

from typing import Annotated, NamedTuple

import numpy as np
import numpy.typing as npt
from pydantic import Field

from particleforge.draws import Draw, LogUniform, PerImage, Uniform, Within, number
from particleforge.params import Params
from particleforge.recipes.grains.cells import Cells, Image
from particleforge.recipes.grains.kernels import Ints

MOST_BANDS = 4


class Bands(NamedTuple):
    """Twins of the grains of an image.

    Parameters
    ----------
    inside
        (Y, X) True in twins.
    away
        (Y, X) distance to the nearest edge of a twin in mean grain diameters; infinite in grains without.
    number
        (n,) twins of each grain.
    """

    inside: npt.NDArray[np.bool_]
    away: Image
    number: Ints


class Twins(Params):
    """Parallel bands across grains, as annealing twins; they belong to their grain."""

    share: Annotated[Draw, PerImage(), Within(0, 1)] = Field(0.0, description="Share of the grains with twins.")
    width: Annotated[Draw, PerImage(), Within(0.01, 1)] = Field(
        LogUniform(low=0.06, high=0.25), description="Median width of a twin, in mean grain diameters."
    )
    contrast: Annotated[Draw, PerImage(), Within(0, 1)] = Field(
        Uniform(low=0.02, high=0.3), description="Difference of the grey values of twin and grain, of either sign."
    )

    def draw(self, cells: Cells, rng: np.random.Generator) -> Bands:
        """Place one to four bands in some of the grains."""
        n = len(cells)
        count = np.where(rng.random(n) < number(self.share), rng.integers(1, MOST_BANDS + 1, n), 0)
        inside, away = np.zeros(cells.shape, np.bool_), np.full(cells.shape, np.inf, np.float32)
        if not count.any():
            return Bands(inside, away, count)
        angles = rng.uniform(0, np.pi, n)
        normal = (np.stack([np.cos(angles), np.sin(angles)], 1) / cells.diameter_px).astype(np.float32)
        offset = (cells.sites * normal).sum(1).astype(np.float32)
        own = cells.own
        across = cells.places[0] * normal[own, 0] + cells.places[1] * normal[own, 1] - offset[own]
        for band in range(MOST_BANDS):
            middle = rng.uniform(-0.5, 0.5, n).astype(np.float32)
            half = (number(self.width) / 2 * np.exp(0.4 * rng.standard_normal(n))).astype(np.float32)
            half[count <= band] = -np.inf
            depth = half[own] - np.abs(across - middle[own])
            inside ^= depth > 0
            away = np.minimum(away, np.abs(depth))
        return Bands(inside, away, count)

    def apply(self, image: Image, cells: Cells, bands: Bands, rng: np.random.Generator) -> Image:
        """Return the (Y, X) image with twins brighter or darker than their grains."""
        if not bands.number.any():
            return image
        contrast = (number(self.contrast) * rng.choice([-1, 1], len(cells))).astype(np.float32)
        return np.asarray(image + np.where(bands.inside, contrast[cells.own], np.float32(0)), np.float32)
