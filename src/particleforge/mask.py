"""Pixels of one particle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class Mask:
    """Pixels of one particle in a window around it; masks of several particles may overlap.

    Parameters
    ----------
    top, left
        Row and column of the window's first pixel in the image; may lie outside.
    pixels
        (Y, X) bool, True where the particle is.
    """

    top: int
    left: int
    pixels: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, pixels: npt.NDArray[np.bool_], top: int = 0, left: int = 0) -> Mask:
        """Make a mask from (Y, X) pixels whose first one is at `top` and `left`, without what is empty around it."""
        rows, columns = np.flatnonzero(pixels.any(1)), np.flatnonzero(pixels.any(0))
        if not len(rows):
            return cls(top, left, np.zeros((0, 0), np.bool_))
        window = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        return cls(top + int(rows[0]), left + int(columns[0]), np.ascontiguousarray(pixels[window]))

    @classmethod
    def within(cls, corners: npt.NDArray[np.float64], shape: tuple[int, int]) -> Mask:
        """Make a mask of the pixels of a (Y, X) image whose centre lies in a polygon of (N, 2) corners (y, x)."""
        from skimage.draw import polygon

        low = np.clip(np.floor(corners.min(0)), 0, shape).astype(int)
        high = np.clip(np.ceil(corners.max(0)) + 1, low, shape).astype(int)
        pixels = np.zeros(high - low, np.bool_)
        rows, columns = (corners - low).T
        pixels[polygon(rows, columns, pixels.shape)] = True  # type: ignore[no-untyped-call]
        return cls.of(pixels, int(low[0]), int(low[1]))

    @property
    def area_px2(self) -> int:
        """Number of its pixels."""
        return int(self.pixels.sum())

    @property
    def places(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Rows and columns of its pixels in the image."""
        rows, columns = np.nonzero(self.pixels)
        return rows + self.top, columns + self.left

    @property
    def middle(self) -> tuple[int, int]:
        """Row and column of the pixel nearest to the mean of all."""
        rows, columns = self.places
        nearest = int(((rows - rows.mean()) ** 2 + (columns - columns.mean()) ** 2).argmin())
        return int(rows[nearest]), int(columns[nearest])

    @property
    def window(self) -> tuple[slice, slice]:
        """Rows and columns of the image that the window covers; only for one that lies in the image."""
        height, width = self.pixels.shape
        return slice(self.top, self.top + height), slice(self.left, self.left + width)

    def moved(self, rows: int, columns: int) -> Mask:
        """Return it moved down and to the right."""
        return Mask(self.top + rows, self.left + columns, self.pixels)

    def clipped(self, shape: tuple[int, int]) -> Mask:
        """Return the part that lies in a (Y, X) image."""
        height, width = self.pixels.shape
        rows = slice(max(0, -self.top), max(0, min(height, shape[0] - self.top)))
        columns = slice(max(0, -self.left), max(0, min(width, shape[1] - self.left)))
        if (rows, columns) == (slice(0, height), slice(0, width)):
            return self
        return Mask.of(self.pixels[rows, columns], self.top + rows.start, self.left + columns.start)


WholeMasks: TypeAlias = Mapping[int, Mask]
"""Masks of whole particles, including what others hide, by the ids of the particles."""


class Frame(NamedTuple):
    """Where a label image lies in a larger one of which it is a part.

    Parameters
    ----------
    shape
        (Y, X) of the larger image.
    top, left
        Row and column of its first pixel there.
    """

    shape: tuple[int, int]
    top: int = 0
    left: int = 0


@dataclass(frozen=True, eq=False)
class WholeLabels:
    """A label image of particles of which more is known than is visible.

    Parameters
    ----------
    labels
        (Y, X) ids of what is visible, 0 = background.
    masks
        Masks of whole particles, by id; not of all of them.
    frame
        Where they lie in a larger image; positions, border and rows are those of the larger one. None: they are all.
    """

    labels: npt.NDArray[Any]
    masks: WholeMasks
    frame: Frame | None = None
