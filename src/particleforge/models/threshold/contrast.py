"""How sure a particle found by a threshold is."""

import math

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from skimage.segmentation import expand_labels

Floats = npt.NDArray[np.float32]
RIM_PX = 4
"""Width of the rims inside and outside of an outline."""
NOISES = 3.0
"""Noises against which a contrast is weighed."""
RANGE_SHARE = 0.1
"""Share of the grey range against which a contrast is weighed."""
LAPLACIAN = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
"""Sees no slope and no straight edge; its response to white noise has 6 times the standard deviation of that."""


def noise(grey: Floats) -> float:
    """Return the standard deviation of the noise.

    By a median, after Immerkaer, Comput. Vis. Image Underst. 1996, 64, 300.
    """
    response = np.abs(ndimage.convolve(grey, LAPLACIAN))
    return float(np.median(response)) / (0.6745 * math.sqrt(36))


def contrast_scores(grey: Floats, labels: npt.NDArray[np.uint32], count: int) -> Floats:
    """Score of each particle by its contrast.

    With c the mean grey of the rim inside the outline less that of the rim outside, the score is
    ``c / (c + 3 noise + range / 10)``, or 0 for c below 0; the range is that between 1 % and 99 % of the pixels. An
    outline in mere noise or on a slope scores below 0.2, one at which the grey jumps over the whole range 0.9.

    Parameters
    ----------
    grey
        (Y, X) with bright particles.
    labels
        (Y, X) ids from 1 to `count`.
    count
        How many particles there are.
    """
    inner = np.where(ndimage.distance_transform_edt(labels > 0) <= RIM_PX, labels, 0)
    grown = expand_labels(labels, RIM_PX)  # type: ignore[no-untyped-call]
    outer = np.where(labels == 0, grown, 0)
    ground = float(grey[labels == 0].mean()) if (labels == 0).any() else float(grey.min())
    whole = _means(grey, labels, np.full(count, ground))
    contrast = np.maximum(0.0, _means(grey, inner, whole) - _means(grey, outer, np.full(count, ground)))
    low, high = np.percentile(grey, (1, 99))
    against = NOISES * noise(grey) + RANGE_SHARE * (high - low)
    return np.asarray(contrast / np.maximum(contrast + against, 1e-12), np.float32)


def _means(grey: Floats, labels: npt.NDArray[np.uint32], otherwise: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Mean grey of each id from 1 on; what is to be taken where an id has no pixel."""
    counts = np.bincount(labels.ravel(), minlength=len(otherwise) + 1)[1:]
    sums = np.bincount(labels.ravel(), grey.ravel(), minlength=len(otherwise) + 1)[1:]
    return np.where(counts > 0, sums / np.maximum(counts, 1), otherwise)
