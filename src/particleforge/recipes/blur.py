"""Gaussian blur, fast for the small widths of a microscope's point spread."""

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from particleforge.recipes import kernels

MIN_SIGMA_PX = 0.15
"""Below this the neighbouring weights of a Gaussian are under 1e-9."""


def gaussian_blur(image: npt.NDArray[np.float32], sigma_px: float) -> npt.NDArray[np.float32]:
    """Return a (Y, X) image blurred as by `scipy.ndimage.gaussian_filter` with mode "nearest"."""
    if sigma_px < MIN_SIGMA_PX:
        return image
    if sigma_px >= 2:
        return np.asarray(ndimage.gaussian_filter(image, sigma_px, mode="nearest"), np.float32)
    radius = int(4 * sigma_px + 0.5)
    weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma_px) ** 2)
    blurred: npt.NDArray[np.float32] = kernels.blur(image, np.asarray(weights / weights.sum(), np.float32))
    return blurred
