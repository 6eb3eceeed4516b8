"""Star-convex outlines."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from particleforge.mask import Mask
from particleforge.models.detections import Floats, Labels, Outlines


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

    def paint(self, shape: tuple[int, int], scores: Floats) -> Labels:
        """(Y, X) labels, drawn as in the official package."""
        from stardist.geometry import polygons_to_label

        return np.asarray(polygons_to_label(self.dist, self.points, shape, prob=scores)).astype(np.uint32)

    def mask(self, index: int, shape: tuple[int, int]) -> Mask:
        """Pixels of the image whose centre lies inside."""
        angles = np.linspace(0, 2 * math.pi, self.dist.shape[1], endpoint=False)
        corners = self.points[index] + self.dist[index, :, None] * np.stack([np.sin(angles), np.cos(angles)], axis=1)
        return Mask.within(corners, shape)

    def only(self, indices: npt.NDArray[np.int64]) -> "Stars":
        """Return the outlines at these indices, in this order."""
        return Stars(self.points[indices], self.dist[indices])

    def moved(self, rows: float, columns: float) -> "Stars":
        """Return them moved down and to the right."""
        return Stars(self.points + np.array([rows, columns]), self.dist)

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
