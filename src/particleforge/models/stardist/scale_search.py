"""Find the scale at which an image's particles are as large as the network likes them."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from particleforge.models.stardist.instances import Instances

STEP = math.sqrt(2)
"""Ratio of neighbouring scales that are tried: the network was trained to bear more than half of it."""
SPREAD = 0.5
"""Standard deviation of ln(found size / expected size) that counts as usual."""


def candidate_scales(diameters_px: Sequence[float], target_px: float, largest: float) -> tuple[float, ...]:
    """Scales that bring particles between the smallest and largest given diameter to the target, and a step beyond.

    Parameters
    ----------
    diameters_px
        Median particle diameter of each training image.
    target_px
        Diameter the network was trained for.
    largest
        No scale is larger than this.
    """
    low, high = target_px / max(diameters_px) / STEP, target_px / min(diameters_px) * STEP
    count = max(2, round(math.log(high / low) / math.log(STEP)) + 1)
    scales = np.minimum(np.geomspace(low, high, count), largest)
    return tuple(float(scale) for scale in dict.fromkeys(scales))


def plausibility(found: Instances, scale: float, target_px: float) -> float:
    """How well what was found at a scale agrees with what the network was trained for.

    The summed probability-weighted area of the objects, times how near their median size is to the target. At too
    small a scale objects are missed or merged, at too large a scale they fall apart or are missed; both make them
    fewer, less probable or of another size than expected.

    Parameters
    ----------
    found
        Objects in original pixels.
    scale
        Factor at which the network saw the image.
    target_px
        Diameter the network was trained for, at working scale.
    """
    if not len(found.scores):
        return 0.0
    areas = polygon_areas_px2(found.dist)
    diameter = float(np.median(np.sqrt(4 * areas / math.pi))) * scale
    agreement = math.exp(-0.5 * (math.log(max(diameter, 1e-3) / target_px) / SPREAD) ** 2)
    return float((areas * found.scores).sum()) * agreement


def polygon_areas_px2(dist: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Areas of star-convex polygons from their (n, n_rays) radii."""
    neighbours = (dist * np.roll(dist, 1, axis=1)).sum(1, dtype=np.float64)
    return np.asarray(0.5 * math.sin(2 * math.pi / dist.shape[1]) * neighbours)
