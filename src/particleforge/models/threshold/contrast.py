"""Scores of particles found by a threshold."""

import math

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from skimage.segmentation import expand_labels

Floats = npt.NDArray[np.float32]
RIM_PX = 4
"""Width of the rims inside and outside an outline."""
NOISES = 3.0
"""Multiple of the noise with which a contrast is compared."""
RANGE_SHARE = 0.1
"""Share of the grey range with which a contrast is compared."""
LAPLACIAN = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
"""Zero on gradients and straight edges; its response to white noise has 6 times the standard deviation of the noise."""


def noise(grey: Floats) -> float:
    """Return the standard deviation of the noise.

    Estimated by a median, after Immerkaer, Computer Vision and Image Understanding 1996, 64, 300.
    """
    response = np.abs(ndimage.convolve(grey, LAPLACIAN))
    return float(np.median(response)) / (0.6745 * math.sqrt(36))


def contrast_scores(grey: Floats, labels: npt.NDArray[np.uint32], count: int) -> Floats:
    """Score each particle by its contrast.

    Let c be the mean grey value of the rim inside the outline minus that of the rim outside. The score is
    ``c / (c + 3 noise + range / 10)``, or 0 for negative c; the range is that between the 1 % and 99 % percentiles. An
    outline in pure noise or on a gradient scores below 0.2, one with a step over the whole grey range 0.9.

    Parameters
    ----------
    grey
        (Y, X) grey values with bright particles.
    labels
        (Y, X) ids from 1 to `count`.
    count
        Number of particles.
    """
    inner = np.where(ndimage.distance_transform_edt(labels > 0) <= RIM_PX, labels, 0)
    expanded = expand_labels(labels, RIM_PX)  # type: ignore[no-untyped-call]
    outer = np.where(labels == 0, expanded, 0)
    background = float(grey[labels == 0].mean()) if (labels == 0).any() else float(grey.min())
    whole = _means(grey, labels, np.full(count, background))
    contrast = np.maximum(0.0, _means(grey, inner, whole) - _means(grey, outer, np.full(count, background)))
    low, high = np.percentile(grey, (1, 99))
    against = NOISES * noise(grey) + RANGE_SHARE * (high - low)
    return np.asarray(contrast / np.maximum(contrast + against, 1e-12), np.float32)


def _means(grey: Floats, labels: npt.NDArray[np.uint32], otherwise: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Mean grey value of each id from 1 on; `otherwise` for ids without pixels."""
    counts = np.bincount(labels.ravel(), minlength=len(otherwise) + 1)[1:]
    sums = np.bincount(labels.ravel(), grey.ravel(), minlength=len(otherwise) + 1)[1:]
    return np.where(counts > 0, sums / np.maximum(counts, 1), otherwise)
