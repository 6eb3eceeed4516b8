"""Find the scale at which an image has the particles that the network was trained for."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from particleforge.models.maskrcnn.network import MaskRCNNNet
from particleforge.models.maskrcnn.predict import Limits, Objects, object_steps
from particleforge.models.normalize import rescale
from particleforge.models.scales import middle
from particleforge.step import Progress, Step, part

Floats = npt.NDArray[np.float32]
GLIMPSE_PX = 2.5e5
"""Pixels at working scale that are searched at every scale."""
SMALLEST_PX = 48
"""Shorter side below which a scale is not tried."""


def best_scale(net: MaskRCNNNet, image: Floats, scales: Sequence[float], limits: Limits) -> Step[float]:
    """Scale with the highest plausibility in the middle of an image.

    Parameters
    ----------
    net
        The network, switched to prediction.
    image
        (Y, X) normalised grey values.
    scales
        What to try.
    limits
        See `Limits`.
    """
    tried = [scale for scale in scales if min(image.shape) * scale >= SMALLEST_PX] or [max(scales)]
    rated = []
    for number, scale in enumerate(tried):
        shown = image[middle(image.shape, GLIMPSE_PX / scale**2)]
        steps = object_steps(net, rescale(shown, scale), (shown.shape[0], shown.shape[1]), limits)
        found = yield from part(steps, number / len(tried), (number + 1) / len(tried))
        rated.append(plausibility(found, shown.size))
        yield Progress(number + 1, len(tried), "Looking for the scale")
    return tried[int(np.argmax(rated))]


def plausibility(found: Objects, pixels: int) -> float:
    """Mean score of the particles times the share of the image that they cover, each weighted by its score.

    0 if there are none, or more than can be.
    """
    if not found.masks or found.crowded:
        return 0.0
    areas = np.array([mask.pixels.sum() for mask in found.masks])
    return float(found.scores.mean() * min(1.0, (areas * found.scores).sum() / pixels))
