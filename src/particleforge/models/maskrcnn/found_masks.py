"""Pixel masks of particles, which may overlap."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from particleforge.models.detections import Floats, Ids, Labels, Outlines


@dataclass(frozen=True, eq=False)
class Mask:
    """Pixels of a particle in a window of the image.

    Parameters
    ----------
    top, left
        Row and column of the first pixel of the window.
    pixels
        (h, w) bool.
    """

    top: int
    left: int
    pixels: npt.NDArray[np.bool_]

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


class Masks(Outlines):
    """Pixel masks.

    Parameters
    ----------
    masks
        One for each particle.
    """

    def __init__(self, masks: Sequence[Mask]) -> None:
        self.masks = list(masks)

    def __len__(self) -> int:
        return len(self.masks)

    def paint(self, shape: tuple[int, int], scores: Floats) -> Labels:
        """(Y, X) labels."""
        labels = np.zeros(shape, np.uint32)
        for index in np.argsort(scores, kind="stable"):
            rows, columns = self.masks[index].places
            inside = (rows >= 0) & (columns >= 0) & (rows < shape[0]) & (columns < shape[1])
            labels[rows[inside], columns[inside]] = index + 1
        return labels

    def only(self, indices: Ids) -> "Masks":
        """Return the masks at these indices, in this order."""
        return Masks([self.masks[index] for index in indices])

    def moved(self, rows: float, columns: float) -> "Masks":
        """Return them moved by whole pixels down and to the right."""
        return Masks([replace(m, top=m.top + round(rows), left=m.left + round(columns)) for m in self.masks])
