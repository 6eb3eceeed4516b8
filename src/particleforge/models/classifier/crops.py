"""Square crops of particles and of images, as a classifier sees them."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from particleforge.models.classifier.train_params import CropParams
from particleforge.models.normalize import normalize

Bytes: TypeAlias = npt.NDArray[np.uint8]
Floats: TypeAlias = npt.NDArray[np.float32]
DARKEST, BRIGHTEST = 1.0, 99.0
"""Percentiles of the grey values of a crop that become black and white."""
MOST_WINDOWS = 3
"""Largest number of crops of one image."""


def particle_crops(grey: Floats, labels: npt.NDArray[Any], params: CropParams) -> tuple[npt.NDArray[np.int64], Bytes]:
    """Crop every particle of an image, with its surroundings; beyond the border of the image its edge is repeated.

    Parameters
    ----------
    grey
        (Y, X) image.
    labels
        (Y, X) ids, 0 = background.
    params
        Size of the crops, and what is seen on them.

    Returns
    -------
    tuple
        (n,) ids in ascending order, and (n, `crop_px`, `crop_px`) crops.
    """
    ids = np.unique(labels[labels > 0])
    dense = np.searchsorted(ids, labels) + 1
    boxes = ndimage.find_objects(np.where(labels > 0, dense, 0))
    crops = [_particle(grey, labels, int(number), box, params) for number, box in zip(ids, boxes, strict=True)]
    return ids.astype(np.int64), np.stack(crops) if crops else np.zeros((0, params.crop_px, params.crop_px), np.uint8)


def touching_border(labels: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Ids of the particles that touch the border of the image."""
    rim = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    return np.unique(rim[rim > 0]).astype(np.int64)


def image_crops(grey: Floats, params: CropParams) -> Bytes:
    """(n, `crop_px`, `crop_px`) squares as high as the shorter side of an image, which together show all of it."""
    height, width = grey.shape
    side = min(height, width)
    count = min(MOST_WINDOWS, -(-max(height, width) // side))
    starts = np.linspace(0, max(height, width) - side, count).round().astype(int)
    squares = (grey[:, start : start + side] if width > height else grey[start : start + side] for start in starts)
    return np.stack([_as_bytes(_resized(_range(square), params.crop_px)) for square in squares])


def _particle(grey: Floats, labels: npt.NDArray[Any], number: int, box: tuple[slice, ...], params: CropParams) -> Bytes:
    side = max(2, round(params.surroundings * max(part.stop - part.start for part in box)))
    window = np.ix_(
        *(
            np.clip(np.arange(side) + (part.start + part.stop - side) // 2, 0, length - 1)
            for part, length in zip(box, grey.shape, strict=True)
        )
    )
    seen, inside = _range(grey[window]), (labels[window] == number).astype(np.float32)
    lifted = seen * (1 - params.silhouette) + params.silhouette * inside
    return _as_bytes(_resized(lifted, params.crop_px))


def _range(grey: Floats) -> Floats:
    return np.clip(normalize(grey, DARKEST, BRIGHTEST), 0, 1)


def _resized(image: Floats, side: int) -> Floats:
    import torch
    from torch.nn import functional as F

    tensor = torch.from_numpy(np.ascontiguousarray(image))[None, None]
    return np.asarray(F.interpolate(tensor, (side, side), mode="bilinear", antialias=True)[0, 0].numpy())


def _as_bytes(image: Floats) -> Bytes:
    return np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)
