"""Bring grey values and size of an image to what networks expect."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


def normalize(grey: Floats, low_percent: float = 1.0, high_percent: float = 99.8) -> Floats:
    """Map two grey percentiles to 0 and 1, as csbdeep's `normalize` does; nothing is clipped.

    A constant image becomes 0 everywhere. If both percentiles are the same grey value, as in images with few bright
    pixels on a uniform background, the minimum and maximum take their place.
    """
    low, high = np.percentile(grey, (low_percent, high_percent))
    if low == high:
        low, high = grey.min(), grey.max()
    return ((grey - np.float32(low)) / np.float32(high - low + 1e-20)).astype(np.float32)


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
