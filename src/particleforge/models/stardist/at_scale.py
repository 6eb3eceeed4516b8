"""What the network finds at one scale, with the figures by which scales are compared."""

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from particleforge.models.stardist.config import StarDistConfig
from particleforge.models.stardist.contrast import Contrast, contrast
from particleforge.models.stardist.distances import Distances
from particleforge.models.stardist.instances import Floats, Instances
from particleforge.models.stardist.overlaps import Bounds
from particleforge.models.stardist.stars import Stars, centroids

MOST_CELLS = 20_000
"""Points of the map that are looked at to rate the consistency of objects."""

Doubles = npt.NDArray[np.float64]
Ids = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class AtScale:
    """Objects found at one scale, in pixels of the whole image.

    Parameters
    ----------
    scale
        Factor by which the image was resized for the network.
    bounds
        Part of the image that was searched.
    found
        The objects.
    off_px, usual_px
        (n,) sums that make up the `consistency`.
    contrast
        How much each object stands out.
    """

    scale: float
    bounds: Bounds
    found: Instances
    off_px: Doubles
    usual_px: Doubles
    contrast: Contrast

    def __len__(self) -> int:
        return len(self.found)

    @property
    def stars(self) -> Stars:
        """Outlines of the objects."""
        return self.found.outlines

    @property
    def consistencies(self) -> Doubles:
        """(n,) consistency of each object."""
        return np.asarray(np.maximum(0, 1 - self.off_px / np.maximum(self.usual_px, 1e-9)))

    @property
    def consistency(self) -> float:
        """Whether all points inside an object predict the same outline: 1 = they do, 0 = each one around itself.

        Each point probable enough for an object predicts an outline of its own. The distance of the centroid of this
        outline from that of the object, divided by the distance of the point itself from there, measures their
        disagreement; the result is 1 minus its mean over all points.
        """
        return max(0.0, 1 - float(self.off_px.sum()) / max(float(self.usual_px.sum()), 1e-9)) if len(self) else 0.0

    @property
    def covered(self) -> float:
        """Share of the searched part that objects cover, each weighted by its probability."""
        return float((self.stars.areas_px2 * self.found.scores).sum()) / self.bounds.area_px2

    def only(self, kept: npt.NDArray[np.bool_]) -> "AtScale":
        """Return it with some of the objects."""
        indices = np.flatnonzero(kept)
        return replace(
            self,
            found=replace(self.found.only(indices + 1), painted=None),
            off_px=self.off_px[indices],
            usual_px=self.usual_px[indices],
            contrast=self.contrast.only(indices),
        )

    @classmethod
    def of(
        cls,
        image: Floats,
        maps: tuple[Floats, Distances],
        found: Instances,
        bounds: Bounds,
        config: StarDistConfig,
        least_prob: float,
    ) -> "AtScale":
        """Rate what was found.

        Parameters
        ----------
        image
            (Y, X) what the network saw, without margins.
        maps
            Probabilities (h, w), and distances where they are at least `least_prob`, without margins.
        found
            Objects in pixels of the searched part.
        bounds
            Where in the image that part lies.
        config
            Rays and grid.
        least_prob
            Least probability of a point that is asked for its outline.
        """
        prob, dist = maps
        factors = np.divide(image.shape, found.shape)
        seen = Stars((found.points + 0.5) * factors - 0.5, found.dist * np.float32(math.sqrt(factors.prod())))
        labels = _on_grid(seen, prob.shape, config.grid, found.scores)
        off, usual = _disagreement(prob, dist, labels, seen, config, least_prob)
        return cls(
            found.scale,
            bounds,
            replace(
                found,
                points=found.points + bounds[:2],
                outlines=found.outlines.moved(*bounds[:2]),
                painted=None,
            ),
            off,
            usual,
            contrast(image, labels, seen, (float(config.grid[0]), float(config.grid[1]))),
        )


def _on_grid(stars: Stars, shape: tuple[int, ...], grid: tuple[int, int], scores: Floats) -> npt.NDArray[np.integer]:
    """(h, w) labels of the objects, one pixel per point of the grid."""
    from stardist.geometry import dist_to_coord, polygons_to_label_coord

    corners = dist_to_coord(stars.dist, stars.points) / np.reshape(grid, (1, 2, 1))
    order = np.argsort(scores, kind="stable")
    labels = polygons_to_label_coord(corners[order], shape, labels=order)
    return np.asarray(labels)


def _disagreement(
    prob: Floats,
    dist: Distances,
    labels: npt.NDArray[np.integer],
    stars: Stars,
    config: StarDistConfig,
    least_prob: float,
) -> tuple[Doubles, Doubles]:
    """(n,) sums over points: how far the outline they predict is off, and how far they are from the middle."""
    count = len(stars)
    if not count:
        return np.zeros(0), np.zeros(0)
    cells = np.argwhere((prob >= least_prob) & (labels > 0))
    cells = cells[:: max(1, -(-len(cells) // MOST_CELLS))]
    rows, columns = cells.T
    own, weight, points = labels[rows, columns] - 1, prob[rows, columns], cells * np.asarray(config.grid)
    centres = stars.centroids[own]
    predicted = points + centroids(dist[rows, columns])
    off, usual = (np.linalg.norm(at - centres, axis=1) * weight for at in (predicted, points))
    return np.bincount(own, off, count).astype(float), np.bincount(own, usual, count).astype(float)
