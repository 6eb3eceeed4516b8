"""Warp by scaling around the centre."""

import math
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, PerImage, Uniform, Within, draw
from particleforge.recipes.warp.deformations.deformation import Deformation, Mapping
from particleforge.sample import Sample


class RandomScale(Deformation):
    """Scale around the centre of the image.

    What extends beyond the frame is cropped; if the image shrinks, the frame shrinks with it. So every pixel
    comes from the source and none is made up.
    """

    kind: Literal["scale"] = "scale"
    scale: Annotated[Draw, PerImage(), Within(0.1, 10)] = Field(
        Uniform(low=0.7, high=1.4), description="Factor applied to all particle diameters; areas change by its square."
    )
    stretch: Annotated[Draw, PerImage(), Within(0.1, 10)] = Field(
        1.0, description="Ratio of the scale along X to that along Y, at equal area; 1 scales both alike."
    )

    def mapping(self, sample: Sample, rng: np.random.Generator) -> Mapping:
        """Scale both axes; the image is smoothed first if it shrinks."""
        scale, stretch = draw(self.scale, rng), math.sqrt(draw(self.stretch, rng))
        height, width = sample.labels.shape
        y, rows, blur_y = _axis(height, scale / stretch)
        x, columns, blur_x = _axis(width, scale * stretch)
        grid = np.empty((2, len(y), len(x)), np.float32)
        grid[0], grid[1] = y[:, None], x
        return Mapping(grid, (rows, columns), (blur_y, blur_x))


def _axis(length: int, factor: float) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], slice, float]:
    """Position in the source of each pixel along one axis, the part of the source it shows, and the blur it needs."""
    result = min(length, max(1, math.floor(length * factor + 1e-9)))
    centre = (length - 1) / 2
    places = np.clip((np.arange(result) - (result - 1) / 2) / factor + centre, 0, length - 1)
    reach = result / factor / 2
    seen = slice(max(0, math.ceil(centre - reach)), min(length, math.floor(centre + reach) + 1))
    return places, seen, max(0.0, (1 / factor - 1) / 2)
