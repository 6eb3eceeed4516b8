"""Masks of particles, each in a window of its own, so that memory grows with the particles and not with the image."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from particleforge.mask import Mask
from particleforge.models.maskrcnn.config import MASK_PX
from particleforge.quality.instances import Instances, overlaps

Floats = npt.NDArray[np.float32]
INSIDE = 0.5
"""Value of a mask from which a pixel belongs to the particle."""


def pasted(soft: Floats, box: Floats, factors: tuple[float, float], shape: tuple[int, int]) -> Mask | None:
    """Mask of a particle in an image; None if it has no pixel there.

    Parameters
    ----------
    soft
        (28, 28) values from 0 to 1 in the box.
    box
        Left, top, right, bottom in pixels of what the network saw.
    factors
        Pixels that the network saw per pixel of the image, along y and x.
    shape
        (Y, X) of the image.
    """
    rows = _places(box[1], box[3], factors[0], shape[0])
    columns = _places(box[0], box[2], factors[1], shape[1])
    if not len(rows[0]) or not len(columns[0]):
        return None
    inside = _weights(rows[1]) @ soft @ _weights(columns[1]).T >= INSIDE
    if not inside.any():
        return None
    return Mask.of(inside, int(rows[0][0]), int(columns[0][0]))


def _places(first: float, last: float, factor: float, length: int) -> tuple[npt.NDArray[np.int64], Floats]:
    """Pixels of the image along a side of a box, and the points of the mask at which they lie.

    A point of the mask lies in the middle of its part of the box; coordinates are those of torchvision's ``roi_align``,
    in which a pixel's number is that of its middle.
    """
    low = int(np.ceil(first / factor - 0.5))
    high = int(np.floor(last / factor - 0.5))
    pixels = np.arange(max(low, 0), min(high, length - 1) + 1)
    seen = (pixels + 0.5) * factor - 0.5
    return pixels, (seen - first) * (MASK_PX / max(last - first, 1e-6)) - 0.5


def _weights(places: Floats) -> Floats:
    """(n, 28) shares of the points of a mask in values between them (linear interpolation)."""
    clipped = np.clip(places, 0, MASK_PX - 1)
    return np.asarray(np.maximum(0, 1 - np.abs(clipped[:, None] - np.arange(MASK_PX))), np.float32)


def without_duplicates(
    masks: Sequence[Mask], scores: Floats, most_overlap: float, shape: tuple[int, int]
) -> npt.NDArray[np.int64]:
    """Return, by falling score, the indices of particles that overlap no better one by more than a limit (IoU)."""
    every = Instances.of_pixels([mask.places for mask in masks], shape)
    i, j, pixels = overlaps(every, every)
    iou = pixels / (every.areas[i] + every.areas[j] - pixels)
    rivals: dict[int, list[int]] = {}
    for one, other in zip(i[iou > most_overlap].tolist(), j[iou > most_overlap].tolist(), strict=True):
        rivals.setdefault(one, []).append(other)
    kept = np.zeros(len(masks), np.bool_)
    order = np.argsort(-scores, kind="stable")
    for index in order.tolist():
        kept[index] = not any(kept[other] for other in rivals.get(index, ()) if other != index)
    return np.asarray(order[kept[order]], np.int64)
