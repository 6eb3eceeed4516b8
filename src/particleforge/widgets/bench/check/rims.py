"""Contours as an image: what is known of each particle, drawn along its inner edge; no Qt here."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from particleforge.annotate.edit import Window

DENSE = 1 << 24
"""Up to this id, values are looked up in an array."""


def rims(labels: npt.NDArray[Any], width: int) -> npt.NDArray[np.bool_]:
    """(Y, X) whether a pixel of a particle has one of another, or background, within `width` px along an axis."""
    found = np.zeros(labels.shape, bool)
    for step in range(1, width + 1):
        for ahead, behind in (
            ((slice(step, None),), (slice(None, -step),)),
            ((slice(None), slice(step, None)), (slice(None), slice(None, -step))),
        ):
            differ = labels[ahead] != labels[behind]
            found[ahead] |= differ
            found[behind] |= differ
    found &= labels > 0
    return found


def drawn(
    labels: npt.NDArray[Any], window: Window, width: int, values: Mapping[int, tuple[int, int]], usual: int
) -> npt.NDArray[np.uint8]:
    """(h, w) picture of the contours in a window.

    Parameters
    ----------
    labels
        (Y, X) ids, 0 = background.
    window
        What to draw.
    width
        Of the contours in px.
    values
        Value of the contour and of the inside of particles, by id.
    usual
        Value of the contour of those without one.
    """
    rows, columns = window
    top, left = max(rows.start - width, 0), max(columns.start - width, 0)
    around = labels[top : rows.stop + width, left : columns.stop + width]
    inner = slice(rows.start - top, rows.stop - top), slice(columns.start - left, columns.stop - left)
    rim, here = rims(around, width)[inner], around[inner]
    highest = int(here.max(initial=0))
    if highest <= min(DENSE, 64 + 8 * here.size):
        table = np.zeros((highest + 1, 2), np.uint8)
        table[1:, 0] = usual
        for particle, pair in values.items():
            if particle <= highest:
                table[particle] = pair
        return np.where(rim, table[:, 0][here], table[:, 1][here])
    ids, which = np.unique(here, return_inverse=True)
    pairs = np.array([values.get(int(number), (usual, 0)) if number else (0, 0) for number in ids], np.uint8)
    return np.where(rim, pairs[which.reshape(here.shape), 0], pairs[which.reshape(here.shape), 1])
