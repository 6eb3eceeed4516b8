"""Bring grey values and size of an image to what networks expect."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Self, TypeAlias

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Percentiles: TypeAlias = Callable[[Sequence[float]], npt.NDArray[Any]]
"""Gives the grey values of an image at some percentages."""
TAIL_PERCENT, LONG_TAIL = 0.05, 0.5
"""Percentage of the darkest and brightest pixels left out in any case; what is a long tail, as a share of the range."""


class GreyRange(NamedTuple):
    """Grey values that are mapped to 0 and 1.

    Parameters
    ----------
    low, high
        In grey values of the image.
    """

    low: float
    high: float

    @classmethod
    def of(
        cls, percentiles: Percentiles, low_percent: float = 1.0, high_percent: float = 99.8, *, tails: bool = False
    ) -> Self:
        """Find it from two percentiles of an image; see `normalize`.

        Parameters
        ----------
        percentiles
            Gives the grey values at some percentages.
        low_percent, high_percent, tails
            See `normalize`.
        """
        low, high = percentiles((low_percent, high_percent))
        if tails:
            lowest, highest = percentiles((min(TAIL_PERCENT, low_percent), max(100 - TAIL_PERCENT, high_percent)))
            beyond = LONG_TAIL * (high - low)
            low, high = lowest if low - lowest > beyond else low, highest if highest - high > beyond else high
        if low == high:
            low, high = percentiles((0, 100))
        return cls(float(low), float(high))

    def __call__(self, grey: Floats) -> Floats:
        """Map grey values of the image, or of a part of it."""
        return ((grey - np.float32(self.low)) / np.float32(self.high - self.low + 1e-20)).astype(np.float32)


def normalize(grey: Floats, low_percent: float = 1.0, high_percent: float = 99.8, *, tails: bool = False) -> Floats:
    """Map two grey percentiles to 0 and 1, as csbdeep's `normalize` does; nothing is clipped.

    A constant image becomes 0 everywhere. If both percentiles are the same grey value, as in images with few bright
    pixels on a uniform background, the minimum and maximum take their place.

    Parameters
    ----------
    grey
        Image.
    low_percent, high_percent
        The percentiles.
    tails
        Whether a few pixels much darker or brighter than these percentiles count as well: where grey extends by more
        than half of its range beyond one of them, the percentile 0.05 or 99.95 takes its place. A few particles on an
        even background are such pixels.
    """
    return GreyRange.of(lambda percents: np.percentile(grey, percents), low_percent, high_percent, tails=tails)(grey)


def rescale(image: Floats, factor: float) -> Floats:
    """Image resized by a factor, smoothed first if it shrinks; each side keeps at least 1 px."""
    if factor == 1:
        return image
    import torch
    from torch.nn import functional as F

    size = [max(1, round(length * factor)) for length in image.shape]
    tensor = torch.from_numpy(np.ascontiguousarray(image, np.float32))[None, None]
    small = F.interpolate(tensor, size, mode="bilinear", antialias=factor < 1, align_corners=False)
    resized: Floats = small[0, 0].numpy()
    return resized
