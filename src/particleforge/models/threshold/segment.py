"""From grey values to labels: threshold, fill holes, split."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from skimage import filters
from skimage.measure import label
from skimage.morphology import local_maxima, reconstruction
from skimage.segmentation import watershed

from particleforge.models.threshold.options import ThresholdOptions

Floats = npt.NDArray[np.float32]
Labels = npt.NDArray[np.uint32]
METHODS: dict[str, Callable[[Floats], Any]] = {
    "otsu": filters.threshold_otsu,
    "li": filters.threshold_li,
    "triangle": filters.threshold_triangle,
    "yen": filters.threshold_yen,
    "isodata": filters.threshold_isodata,
    "local": filters.threshold_otsu,
}
OUTSIDE = -10.0
"""Below the logarithm of any distance inside a particle."""


def foreground(grey: Floats, options: ThresholdOptions) -> tuple[npt.NDArray[np.bool_], float]:
    """Pixels that are brighter than the threshold, and the threshold."""
    smooth = ndimage.gaussian_filter(grey, options.smoothing_px) if options.smoothing_px else grey
    if options.method == "local":
        smooth = smooth - ndimage.uniform_filter(smooth, options.surroundings_px, mode="reflect")
    if np.ptp(smooth) == 0:
        return np.zeros(grey.shape, np.bool_), float(smooth.flat[0])
    limit = float(METHODS[options.method](smooth))
    bright = np.asarray(smooth > limit)
    return (np.asarray(ndimage.binary_fill_holes(bright)) if options.fill_holes else bright), limit


def separated(bright: npt.NDArray[np.bool_], split: float) -> tuple[Labels, Floats]:
    """Label connected regions, split at necks.

    A watershed of the distance to the background, starting from the maxima that exceed the saddle towards a higher
    maximum by a factor of 1 / split. Whether two particles are split therefore does not depend on their size in pixels.

    Returns
    -------
    labels, distance
        (Y, X) each.
    """
    distance = np.asarray(ndimage.distance_transform_edt(np.pad(bright, 1, mode="edge"))[1:-1, 1:-1], np.float32)
    if not split or not bright.any():
        return np.asarray(label(bright), np.uint32), distance  # type: ignore[no-untyped-call]
    heights = np.where(bright, np.log(np.maximum(distance, 1)), OUTSIDE)
    lowered = np.where(bright, heights + math.log(split), OUTSIDE)
    flattened = reconstruction(lowered, heights)  # type: ignore[no-untyped-call]
    tops = label(local_maxima(flattened) & bright)  # type: ignore[no-untyped-call]
    return np.asarray(watershed(-heights, tops, mask=bright), np.uint32), distance  # type: ignore[no-untyped-call]
