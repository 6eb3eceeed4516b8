"""Grey values and size of an image as networks want them."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


def normalize(grey: Floats, low_percent: float = 1.0, high_percent: float = 99.8) -> Floats:
    """Map two grey percentiles to 0 and 1, as csbdeep's `normalize` does; nothing is clipped.

    A constant image becomes 0 everywhere. Where both percentiles are the same grey, as in images with few bright
    pixels on an even ground, the least and the greatest grey take their place.
    """
    low, high = np.percentile(grey, (low_percent, high_percent))
    if low == high:
        low, high = grey.min(), grey.max()
    return ((grey - np.float32(low)) / np.float32(high - low + 1e-20)).astype(np.float32)


def rescale(image: Floats, factor: float) -> Floats:
    """Image resized by a factor, smoothed first where it shrinks; at least 1 px is left."""
    if factor == 1:
        return image
    import torch
    from torch.nn import functional as F

    size = [max(1, round(length * factor)) for length in image.shape]
    tensor = torch.from_numpy(np.ascontiguousarray(image, np.float32))[None, None]
    small = F.interpolate(tensor, size, mode="bilinear", antialias=factor < 1, align_corners=False)
    resized: Floats = small[0, 0].numpy()
    return resized
