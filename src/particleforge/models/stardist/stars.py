"""Star-convex outlines."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from particleforge.mask import Mask
from particleforge.models.detections import Floats, Outlines


class Stars(Outlines):
    """Star-convex outlines.

    Parameters
    ----------
    points
        (n, 2) y and x of the centre point of each, in pixels.
    dist
        (n, n_rays) distance in pixels from the centre point to the outline.
    """

    def __init__(self, points: npt.NDArray[Any], dist: Floats) -> None:
        self.points, self.dist = points, dist

    def __len__(self) -> int:
        return len(self.points)

    def mask(self, index: int, shape: tuple[int, int]) -> Mask:
        """Pixels of the image whose centre lies inside, as in the official package."""
        return Mask.within(np.asarray(self._corners(np.array([index]))[0], np.float64), shape)

    def _corners(self, indices: npt.NDArray[np.int64]) -> Floats:
        """(n, n_rays, 2) y and x of the corners, in 32 bits as in the official package."""
        angles = np.linspace(0, 2 * math.pi, self.dist.shape[1], endpoint=False)
        directions = np.stack([np.sin(angles), np.cos(angles)], axis=1)
        from_points = (self.dist[indices, :, None] * directions).astype(np.float32)
        return np.asarray(self.points[indices, None] + from_points, np.float32)

    def only(self, indices: npt.NDArray[np.int64]) -> "Stars":
        """Return the outlines at these indices, in this order."""
        return Stars(self.points[indices], self.dist[indices])

    def moved(self, rows: float, columns: float) -> "Stars":
        """Return them moved down and to the right."""
        return Stars(self.points + np.array([rows, columns]), self.dist)

    def boxes(self) -> npt.NDArray[np.float64]:
        """(n, 4) first row, last row, first column and last column that each reaches, in pixels."""
        corners = self._corners(np.arange(len(self)))
        low, high = corners.min(1), corners.max(1)
        return np.stack([low[:, 0], high[:, 0], low[:, 1], high[:, 1]], axis=1).astype(np.float64)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Points and distances."""
        return {"points": self.points, "dist": self.dist}

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> "Stars":
        """Make them from what `arrays` gives."""
        return cls(arrays["points"], arrays["dist"])

    @classmethod
    def joined(cls, parts: Sequence["Stars"]) -> "Stars":
        """Put several together, in their order."""
        return cls(np.concatenate([part.points for part in parts]), np.concatenate([part.dist for part in parts]))

    @property
    def areas_px2(self) -> npt.NDArray[np.float64]:
        """(n,) areas of the polygons."""
        neighbours = (self.dist * np.roll(self.dist, 1, axis=1)).sum(1, dtype=np.float64)
        return np.asarray(0.5 * math.sin(2 * math.pi / self.dist.shape[1]) * neighbours)

    @property
    def centroids(self) -> npt.NDArray[np.float64]:
        """(n, 2) y and x of the centroids."""
        return self.points + centroids(self.dist)


def centroids(dist: Floats) -> npt.NDArray[np.float64]:
    """(n, 2) y and x of the centroids of outlines from their (n, n_rays) radii, from the centre point."""
    angles = np.linspace(0, 2 * math.pi, dist.shape[1], endpoint=False)
    radii = np.asarray(dist, np.float64)
    moments = radii**3 @ np.stack([np.sin(angles), np.cos(angles)], axis=1)
    return np.asarray(2 / 3 * moments / np.maximum((radii**2).sum(1, keepdims=True), 1e-12))
