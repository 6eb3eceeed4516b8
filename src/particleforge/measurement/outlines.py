"""Outlines of the particles of a label image."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from particleforge.measurement.arrays import Floats

Outlines: TypeAlias = Mapping[int, Sequence[Floats]]
"""Closed lines of (P, 2) points (x, y) in px by id: one per piece or hole of the particle."""
_CLOSE_PX, _PASSES = 0.3, 4


def outlines(labels: npt.NDArray[np.integer]) -> Outlines:
    """Trace the closed outlines of every particle, half-way to the next pixel."""
    from scipy.ndimage import find_objects

    ids, compact = np.unique(labels, return_inverse=True)
    first = 0 if len(ids) and ids[0] == 0 else 1
    numbered = compact.reshape(labels.shape) + first
    found: dict[int, list[Floats]] = {}
    for number, box in enumerate(find_objects(numbered), start=1):
        if box is not None:
            found[int(ids[number - first])] = traced(numbered[box] == number, box[0].start, box[1].start)
    return found


def traced(mask: npt.NDArray[np.bool_], top: int, left: int) -> list[Floats]:
    """Trace the closed outlines of a (Y, X) mask whose first pixel is at these coordinates of the image."""
    from skimage.measure import find_contours

    lines = find_contours(np.pad(mask, 1).astype(np.uint8), 0.5)  # type: ignore[no-untyped-call]
    return [line[:, ::-1] + (left - 1, top - 1) for line in lines]


def simplified(lines: Sequence[Floats]) -> list[Floats]:
    """Leave out points on, or close to, the line between their neighbours; the first and the last point stay."""
    kept = [line for line in lines if len(line)]
    for number in range(_PASSES if kept else 0):
        points = np.concatenate(kept)
        before, after = np.roll(points, 1, axis=0), np.roll(points, -1, axis=0)
        chord, away = after - before, points - before
        distance = np.abs(chord[:, 0] * away[:, 1] - chord[:, 1] * away[:, 0]) / np.maximum(np.hypot(*chord.T), 1e-9)
        place = np.concatenate([np.arange(len(line)) for line in kept])
        last = np.concatenate([np.arange(len(line)) == len(line) - 1 for line in kept])
        drop = (distance <= _CLOSE_PX) & (place % 2 == 1 - number % 2) & (place > 0) & ~last
        stops = np.cumsum([len(line) for line in kept])[:-1]
        kept = [line[~gone] for line, gone in zip(kept, np.split(drop, stops), strict=True)]
    return kept
