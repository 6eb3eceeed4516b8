"""A piece of an image: a mask in a window."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class Region:
    """Pixels of one particle.

    Parameters
    ----------
    mask
        (h, w) bool in the window around them.
    top, left
        Where the window begins in the image.
    """

    mask: npt.NDArray[np.bool_]
    top: int
    left: int

    @property
    def window(self) -> tuple[slice, slice]:
        """Rows and columns of the window in the image."""
        height, width = self.mask.shape
        return slice(self.top, self.top + height), slice(self.left, self.left + width)

    @property
    def area_px(self) -> int:
        """Number of pixels."""
        return int(np.count_nonzero(self.mask))

    def cropped(self) -> "Region":
        """Return the same pixels in the smallest window; an empty region keeps its window."""
        rows, columns = np.flatnonzero(self.mask.any(1)), np.flatnonzero(self.mask.any(0))
        if not len(rows):
            return self
        inner = self.mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        return Region(np.ascontiguousarray(inner), self.top + int(rows[0]), self.left + int(columns[0]))
