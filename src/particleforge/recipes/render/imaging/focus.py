"""Depth of focus."""

from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import Field

from particleforge.draws import Draw, PerImage, Uniform, Within, number
from particleforge.params import Params
from particleforge.recipes.blur import MIN_SIGMA_PX, gaussian_blur

Floats = npt.NDArray[np.float32]
STEPS = 6
"""Number of blur widths from which an image is composed."""


class Focus(Params):
    """Blur of everything above or below the plane in focus."""

    aperture_mrad: Annotated[Draw, PerImage(), Within(0, 1500)] = Field(
        0.0, description="Half angle of the beam or the objective; 0: everything is sharp."
    )
    plane: Annotated[Draw, PerImage(), Within(-5, 5)] = Field(
        Uniform(low=0, high=1), description="Plane in focus: 0 = lowest, 1 = highest visible point."
    )

    def apply(self, image: Floats, height: Floats) -> Floats:
        """Return the (Y, X) image, each pixel blurred by its distance from the focus.

        Parameters
        ----------
        image
            (Y, X) grey values.
        height
            (Y, X) height of the visible points in pixels; empty pixels are nan and count as the lowest.
        """
        seen = np.isfinite(height)
        if not (aperture := number(self.aperture_mrad)) or not seen.any():
            return image
        low, high = float(height[seen].min()), float(height[seen].max())
        plane = low + number(self.plane) * (high - low)
        sigmas = np.tan(aperture / 1000) * np.abs(np.where(seen, height, low) - plane) / 2
        if sigmas.max() < MIN_SIGMA_PX:
            return image
        steps = np.linspace(0, sigmas.max(), STEPS)
        out = np.zeros_like(image)
        for sigma in steps:
            weight = np.clip(1 - np.abs(sigmas - sigma) / steps[1], 0, 1)
            out += weight.astype(np.float32) * gaussian_blur(image, float(sigma))
        return out
