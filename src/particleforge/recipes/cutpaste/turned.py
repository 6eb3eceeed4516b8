"""Transform cutouts before they are pasted."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from typing_extensions import override

from particleforge.recipes.cutpaste import kernels
from particleforge.recipes.cutpaste.cutouts import Cutout
from particleforge.recipes.placement import Stamp


@dataclass(frozen=True, eq=False)
class Turned(Stamp):
    """A cutout as it will be pasted: flipped, scaled, rotated by a matrix that leads back to the cutout."""

    cutout: Cutout
    scale: float
    angle_deg: float
    matrix: npt.NDArray[np.float64]

    @override
    def outline_px(self) -> npt.NDArray[np.float64]:
        middle, own_middle = ((np.array(alpha.shape) - 1) / 2 for alpha in (self.cutout.alpha, self.alpha))
        return np.asarray((self.cutout.outline_px - middle) @ np.linalg.inv(self.matrix).T + own_middle)


def turn(cutout: Cutout, scale: float, angle_deg: float, flip: bool) -> Turned:
    """Flip, scale and rotate a cutout around its centre."""
    sine, cosine = (round(f(math.radians(angle_deg)), 12) for f in (math.sin, math.cos))  # quarter turns are exact
    height, width = cutout.alpha.shape
    out_height = math.ceil(scale * (height * abs(cosine) + width * abs(sine)))
    out_width = math.ceil(scale * (width * abs(cosine) + height * abs(sine)))
    matrix = np.array([[cosine, -sine], [sine, cosine]]) / scale
    if flip:
        matrix[1] *= -1
    pixels = np.empty((out_height, out_width), np.float32)
    alpha = np.empty_like(pixels)
    kernels.turn(cutout.pixels, cutout.alpha, matrix, pixels, alpha)
    if alpha.max() < 0.5:  # thinner than a pixel: the pixel with the most of it represents it
        most = alpha.argmax()
        alpha.flat[most] = 0.5
        pixels.flat[most] = cutout.pixels.flat[cutout.alpha.argmax()]
    return Turned(pixels, alpha, cutout, scale, angle_deg, matrix)
