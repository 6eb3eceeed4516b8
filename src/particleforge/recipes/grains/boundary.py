"""The look of grain boundaries."""

from typing import Annotated

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, LogUniform, PerImage, Uniform, Within, number, with_probability
from particleforge.params import Params
from particleforge.recipes.grains.cells import Cells, Image
from particleforge.recipes.grains.twins import Bands
from particleforge.recipes.noise import smooth_noise

PAIRS = 4093
"""Number of different boundaries; a prime."""


class Boundary(Params):
    """Lines along boundaries, dark as etched grooves or bright as a film."""

    width_px: Annotated[Draw, PerImage(), Within(0.5, 50)] = Field(
        LogUniform(low=0.8, high=5), description="Width of the widest lines."
    )
    contrast: Annotated[Draw, PerImage(), Within(-1, 1)] = Field(
        Uniform(low=-0.7, high=-0.15), description="Grey value of the line minus that of the grains; 0: no line."
    )
    uneven: Annotated[Draw, PerImage(), Within(0, 1)] = Field(
        Uniform(low=0, high=0.8),
        description="How much weaker the weakest boundaries are than the strongest; at 1 they are half as wide and "
        "invisible.",
    )
    missing: Annotated[Draw, PerImage(), Within(0, 0.9)] = Field(
        with_probability(0.5, Uniform(low=0.02, high=0.25)),
        description="Share of their length that is not visible, as where etching failed; it belongs to the truth.",
    )
    islands: Annotated[Draw, PerImage(), Within(0, 1)] = Field(
        0.0, description="Share of the points where three grains meet that carry an island as dark as the lines."
    )
    island_size: Annotated[Draw, PerImage(), Within(0.02, 0.5)] = Field(
        0.12, description="Radius of the islands, in mean grain diameters."
    )

    def widths(self, cells: Cells, rng: np.random.Generator) -> tuple[Image, Image]:
        """(Y, X) width in px of the boundary nearest to each pixel, and strength of its line from 0 to 1."""
        weakness = (number(self.uneven) * rng.random(PAIRS)).astype(np.float32)
        one, two = cells.own.astype(np.int64), cells.beyond.astype(np.int64)
        own = weakness[(one * two + 31 * (one + two)) % PAIRS]  # the same from both sides
        return np.float32(number(self.width_px)) * (1 - own / 2), 1 - own

    def apply(
        self, image: Image, cells: Cells, lines: tuple[Image, Image], bands: Bands, rng: np.random.Generator
    ) -> Image:
        """Return the (Y, X) image with lines along boundaries and edges of twins.

        Parameters
        ----------
        image
            (Y, X) relative grey values.
        cells, bands
            Grains and their twins.
        lines
            What `widths` returned.
        rng
            Chooses which parts are not visible.
        """
        if not (contrast := np.float32(number(self.contrast))):
            return image
        widths, strength = lines
        cover = strength * _covered(cells.away, widths)
        if missing := number(self.missing):
            noise = smooth_noise(cells.shape, 0.7 * cells.diameter_px, rng)
            level = np.float32(np.quantile(noise[::4, ::4], missing))
            cover *= np.clip((noise - level) * 4 + np.float32(0.5), 0, 1)
        if bands.number.any():
            thin = np.float32(number(self.width_px) / 2)
            cover = np.maximum(cover, np.float32(0.7) * _covered(bands.away * np.float32(cells.diameter_px), thin))
        if share := number(self.islands):
            cover = np.maximum(cover, self._islands(cells, share, rng))
        return image + contrast * cover

    def _islands(self, cells: Cells, share: float, rng: np.random.Generator) -> Image:
        """(Y, X) how much of each pixel islands cover."""
        radius = number(self.island_size) * cells.diameter_px
        noise = smooth_noise(cells.shape, cells.diameter_px, rng)
        there = noise > np.quantile(noise[::4, ::4], 1 - share)
        rough = np.float32(radius) * (1 + np.float32(0.35) * smooth_noise(cells.shape, max(2 * radius, 2.0), rng))
        return np.where(there, np.clip(rough - cells.further + np.float32(0.5), 0, 1), np.float32(0))


def _covered(away: Image, widths: Image | np.float32) -> Image:
    """Share of each pixel, as a square along the boundary, that a line of a width covers."""
    half = widths / 2
    covered = np.minimum(half, away + np.float32(0.5)) - np.maximum(-half, away - np.float32(0.5))
    return np.asarray(np.clip(covered, 0, 1), np.float32)
