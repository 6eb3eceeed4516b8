"""Distances from points of the grid to the outline of the particle there."""

from typing import Protocol

import numpy as np
import numpy.typing as npt

from particleforge.models.detections import Floats, Ids


class Distances(Protocol):
    """Distances to the outline on the grid of an image: an array (h, w, n_rays), or only some points of it."""

    def __getitem__(self, cells: tuple[Ids, Ids], /) -> Floats:
        """(n, n_rays) distances at rows and columns of the grid."""


class SomeDistances:
    """Distances to the outline at some points of the grid; most are never asked for, and 64 rays need much memory.

    Parameters
    ----------
    index
        (h, w) where in `values` the distances of each point are; -1: nowhere.
    values
        (n, n_rays) distances in pixels.
    """

    def __init__(self, index: npt.NDArray[np.int32], values: Floats) -> None:
        self._index, self._values = index, values

    def __getitem__(self, cells: tuple[Ids, Ids], /) -> Floats:
        """(n, n_rays) distances at rows and columns of the grid."""
        index = self._index[cells]
        if (index < 0).any():
            raise IndexError("The distances at some of these points were not computed.")
        return self._values[index]

    def without_margin(self, margin: int) -> "SomeDistances":
        """Return them without the first rows and columns."""
        return SomeDistances(self._index[margin:, margin:], self._values)

    def everywhere(self) -> Floats:
        """(h, w, n_rays) distances, if they are known at all points."""
        rows, columns = np.indices(self._index.shape)
        return self[rows, columns]
