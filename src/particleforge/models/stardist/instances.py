"""From network maps to instances, on the compiled kernels of the official package."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from particleforge.models.stardist.config import StarDistConfig

Floats = npt.NDArray[np.float32]
BORDER_CELLS = 2
"""Grid cells along the border of the padded map in which official StarDist looks for no object."""
LEAST_SEEN = 0.06
"""Share of an outline's area. Of six micrographs of EMPS nearly all slivers above it were true, below it none."""


class Thresholds(NamedTuple):
    """Official thresholds: least probability, and overlap from which the less probable object goes."""

    prob: float = 0.5
    nms: float = 0.4


@dataclass(frozen=True, eq=False)
class Instances:
    """Objects found in an image.

    Parameters
    ----------
    labels
        (Y, X) uint32; object i has id i + 1. An object that others cover wholly has no pixel.
    scores
        (n,) probability of each object, falling.
    points
        (n, 2) y and x of each object's centre in pixels.
    dist
        (n, n_rays) distance in pixels from the centre to the outline.
    scale
        Factor at which the network saw the image.
    certainty
        Where several scales were tried, how much the results at the neighbouring ones agree with that at this one;
        None where they were not, or nothing was found.
    """

    labels: npt.NDArray[np.uint32]
    scores: Floats
    points: npt.NDArray[np.float64]
    dist: Floats
    scale: float = 1.0
    certainty: float | None = None

    def only(self, ids: npt.NDArray[np.int64]) -> "Instances":
        """Keep the objects with these ids, renumbered in their order."""
        new = np.zeros(len(self.scores) + 1, np.uint32)
        new[ids] = np.arange(1, len(ids) + 1)
        kept = np.asarray(ids) - 1
        return replace(
            self, labels=new[self.labels], scores=self.scores[kept], points=self.points[kept], dist=self.dist[kept]
        )

    def moved(self, rows: int, shape: tuple[int, int]) -> "Instances":
        """Return them in a (Y, X) image in which the one they were found in begins `rows` further down."""
        labels = np.zeros(shape, np.uint32)
        labels[rows : rows + len(self.labels)] = self.labels
        return replace(self, labels=labels, points=self.points + np.array([rows, 0]))

    def outside(self, windows: Sequence[tuple[slice, slice]]) -> "Instances":
        """Keep the objects of which at most half lies in some windows."""
        within = np.zeros(self.labels.shape, np.bool_)
        for window in windows:
            within[window] = True
        areas, inside = (
            np.bincount(part, minlength=len(self.scores) + 1)[1:] for part in (self.labels.ravel(), self.labels[within])
        )
        return self.only(1 + np.flatnonzero(inside <= areas / 2))

    def first(self, count: int) -> npt.NDArray[np.uint32]:
        """(Y, X) labels of the `count` most probable objects alone."""
        from stardist.geometry import polygons_to_label

        part = slice(count)
        drawn = polygons_to_label(self.dist[part], self.points[part], self.labels.shape, prob=self.scores[part])
        return np.asarray(drawn, np.uint32)


def instances(
    prob: Floats,
    dist: Floats,
    *,
    config: StarDistConfig,
    thresholds: Thresholds,
    shape: tuple[int, int],
    scale: float = 1.0,
    margin: int = 0,
) -> Instances:
    """Find objects in the maps, as official StarDist does in its sparse mode.

    Parameters
    ----------
    prob
        (h, w) object probability on the grid of the padded image.
    dist
        (n_rays, h, w) distances in pixels of the image the network saw.
    config
        Rays and grid.
    thresholds
        Least probability of an object, and overlap (intersection over union) above which the less probable object goes.
    shape
        (Y, X) of the original image.
    scale
        Factor by which the original was resized for the network. Outlines are scaled back as polygons,
        so they stay smooth.
    margin
        Grid cells by which the maps go beyond the image on every side. The middle of a particle that is cut by the
        border may lie there; objects of which less than `LEAST_SEEN` is in the image are left out.
    """
    from stardist.geometry import polygons_to_label
    from stardist.nms import non_maximum_suppression_sparse

    candidates = prob > thresholds.prob
    for axis in (0, 1):
        np.moveaxis(candidates, axis, 0)[:BORDER_CELLS] = False
        np.moveaxis(candidates, axis, 0)[-BORDER_CELLS:] = False
    cells = np.argwhere(candidates)
    points = (cells - margin) * np.asarray(config.grid)
    seen = np.array([max(1, round(length * scale)) for length in shape])
    inside = (points < seen + margin * np.asarray(config.grid)).all(1)
    cells, points = cells[inside], points[inside]
    radii = np.maximum(dist[:, cells[:, 0], cells[:, 1]].T, 1e-3)
    scores = prob[cells[:, 0], cells[:, 1]]
    points, scores, radii, _ = non_maximum_suppression_sparse(radii, scores, points, nms_thresh=thresholds.nms)
    if scale != 1:
        factors = np.divide(seen, shape)  # not quite `scale`, as the resized image has whole pixels
        points, radii = (points + 0.5) / factors - 0.5, radii / np.float32(np.sqrt(factors.prod()))
    labels = polygons_to_label(radii, points, shape, prob=scores).astype(np.uint32)
    found = Instances(labels, scores, np.asarray(points, np.float64), radii, scale)
    if not margin:
        return found
    seen_px2 = np.bincount(labels.ravel(), minlength=len(scores) + 1)[1:]
    return found.only(1 + np.flatnonzero(seen_px2 > LEAST_SEEN * polygon_areas_px2(radii)))


def polygon_areas_px2(dist: Floats) -> npt.NDArray[np.float64]:
    """Areas of star-convex polygons from their (n, n_rays) radii."""
    neighbours = (dist * np.roll(dist, 1, axis=1)).sum(1, dtype=np.float64)
    return np.asarray(0.5 * math.sin(2 * math.pi / dist.shape[1]) * neighbours)
