"""Detection in images too large for one piece: window by window, with the same result."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from particleforge.micrograph import Micrograph, square_side_nm
from particleforge.models.detections import Detections, Outlines, Window
from particleforge.store.source import Plane


@dataclass(frozen=True, eq=False)
class Picture:
    """Rows of a plane that show the specimen, read window by window.

    Parameters
    ----------
    plane
        The plane.
    rows
        First row and the one after the last, without burnt-in bars.
    pixel_size_nm
        Side of a pixel where it is given; None: that of the plane.
    """

    plane: Plane
    rows: tuple[int, int]
    pixel_size_nm: float | None = None

    @property
    def name(self) -> str:
        """Name of the plane."""
        return self.plane.name

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.rows[1] - self.rows[0], self.plane.shape[1]

    @property
    def square_pixel_size_nm(self) -> float | None:
        """Side of a pixel in nm, or None if unknown; see `Micrograph`."""
        size = self.plane.source.pixel_size_nm
        if self.pixel_size_nm is not None or size is None:
            return self.pixel_size_nm
        return square_side_nm(size, self.name)

    def window(self, window: Window) -> Micrograph:
        """Read a part of it; see `Plane.window`."""
        rows, columns = window
        first = self.rows[0]
        read = self.plane.window(slice(first + rows.start, first + rows.stop), columns)
        return read if self.pixel_size_nm is None else read.with_pixel_size(self.pixel_size_nm)


class Tiled(ABC):
    """A detector that searches a picture window by window.

    What is found does not depend on the windows: candidates are those of the whole picture, and what is chosen among
    the candidates of a part is the same in its inside.

    Parameters
    ----------
    Outlines
        Class of the outlines of what it finds.
    core_px
        Side of the windows that suit it, in pixels of the picture.
    found
        Plain data about the detection; see `Detections`.
    """

    Outlines: ClassVar[type[Outlines]]
    core_px: int
    found: Mapping[str, Any]

    @abstractmethod
    def candidates(self, window: Window) -> Detections:
        """Everything that may be a particle and has its point in a window, in pixels of the picture.

        Points beyond the border of the picture belong to the windows at this border. What is needed around the window
        is read, too.
        """

    @abstractmethod
    def chosen(self, candidates: Detections) -> Detections:
        """Particles among the candidates of a part of the picture, given in the order of `ranked`."""


def ranked(found: Detections) -> npt.NDArray[np.int64]:
    """(n,) indices by falling score; of equal ones, from top to bottom and from left to right."""
    return np.asarray(np.lexsort((found.points[:, 1], found.points[:, 0], -found.scores)))


def within(found: Detections, window: Window, shape: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """(n,) whether a point lies in a window, which holds its first row and column, but not those after the last.

    Points beyond the border of the (Y, X) picture belong to the windows at this border.
    """
    inside = np.ones(len(found), np.bool_)
    for axis, (side, length) in enumerate(zip(window, shape, strict=True)):
        at = found.points[:, axis]
        inside &= (at >= side.start) | (side.start == 0)
        inside &= (at < side.stop) | (side.stop == length)
    return inside
