"""From network maps to instances, on the compiled kernels of the official package."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from particleforge.models.detections import Detections, Labels
from particleforge.models.stardist.config import StarDistConfig
from particleforge.models.stardist.distances import Distances
from particleforge.models.stardist.overlaps import Bounds, Filling
from particleforge.models.stardist.stars import Stars

Floats = npt.NDArray[np.float32]
BORDER_CELLS = 2
"""Grid cells along the border of the padded map in which official StarDist does not search for objects."""
LEAST_SEEN = 0.06
"""Share of an outline's area. In six EMPS micrographs nearly all slivers above it were real, below it none."""


class Thresholds(NamedTuple):
    """Official thresholds: least probability, and overlap above which the less probable object is dropped."""

    prob: float = 0.5
    nms: float = 0.4


@dataclass(frozen=True, eq=False)
class Instances(Detections):
    """Objects found in an image, the most probable first; `found` holds the ``working_scale``."""

    outlines: Stars

    @property
    def scale(self) -> float:
        """Factor by which the image was resized for the network."""
        return float(self.found["working_scale"])

    @property
    def dist(self) -> Floats:
        """(n, n_rays) distance in pixels from the points to the outlines."""
        return self.outlines.dist

    def wider(self, working_px: float) -> "Instances":
        """Return them with outlines moved outwards, by a distance in pixels of the network's input."""
        if not working_px:
            return self
        dist = self.dist + np.float32(working_px / self.scale)
        return replace(self, outlines=Stars(self.outlines.points, dist), painted=None)

    def first(self, count: int) -> Labels:
        """(Y, X) labels of only the `count` most probable objects."""
        return self.outlines.only(np.arange(count)).paint(self.shape, self.scores[:count])


@dataclass(frozen=True)
class Grid:
    """How the points of the network's map lie on an image.

    Parameters
    ----------
    step
        Pixels of the network's input per point.
    shape
        (Y, X) of the image.
    scale
        Factor by which the image was resized for the network.
    margin
        Points by which the map extends beyond the image on every side.
    """

    step: tuple[int, int]
    shape: tuple[int, int]
    scale: float = 1.0
    margin: int = 0

    @property
    def seen(self) -> tuple[int, int]:
        """(Y, X) of the resized image."""
        height, width = (max(1, round(length * self.scale)) for length in self.shape)
        return height, width

    @property
    def factors(self) -> npt.NDArray[np.float64]:
        """Ratio of the resized image to the image along Y and X: not quite `scale`, as both have whole pixels."""
        return np.divide(self.seen, self.shape) if self.scale != 1 else np.ones(2)

    def in_image(self, cells: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """(..., 2) y and x of points of the map, in pixels of the image."""
        return np.asarray((self.seen_at(cells) + 0.5) / self.factors - 0.5)

    def seen_at(self, cells: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """(..., 2) y and x of points of the map, in pixels of the resized image."""
        return np.asarray((cells - self.margin) * np.asarray(self.step))

    def on_grid(self, points: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
        """Return what `seen_at` gave for points of which `in_image` made these."""
        return np.rint((points + 0.5) * self.factors - 0.5).astype(np.int64)


def instances(
    prob: Floats,
    dist: Distances,
    *,
    config: StarDistConfig,
    thresholds: Thresholds,
    shape: tuple[int, int],
    scale: float = 1.0,
    margin: int = 0,
) -> Instances:
    """Find objects in the maps, like official StarDist in its sparse mode.

    Parameters
    ----------
    prob
        (h, w) object probability on the grid of the padded image.
    dist
        Distances in pixels of the network's input, wherever the probability is above the threshold.
    config
        Rays and grid.
    thresholds
        Least probability of an object, and overlap (intersection over union) above which the less probable
        object is dropped.
    shape
        (Y, X) of the original image.
    scale
        Factor by which the original was resized for the network. Outlines are scaled back as polygons,
        so that they stay smooth.
    margin
        Grid cells by which the maps extend beyond the image on every side. The centre of a particle cut by the border
        may lie there; objects of which less than `LEAST_SEEN` is inside the image are left out.
    """
    grid = Grid(config.grid, shape, scale, margin)
    cells = possible(prob, thresholds.prob, grid)
    found = candidates(cells, prob[tuple(cells.T)], dist[cells[:, 0], cells[:, 1]], grid)
    return chosen(found, grid, thresholds.nms)


def possible(
    prob: Floats, least_prob: float, grid: Grid, first: tuple[int, int] = (0, 0), whole: tuple[int, ...] | None = None
) -> npt.NDArray[np.int64]:
    """(n, 2) points of a map where an object may be, as positions in the whole map.

    Parameters
    ----------
    prob
        (h, w) object probability of the map, or of a part of it.
    least_prob
        What it must exceed.
    grid
        How the map lies on the image.
    first
        Position of the first point of the part in the whole map.
    whole
        Shape of the whole map; None: it is the whole.
    """
    cells = np.argwhere(prob > least_prob) + np.array(first)
    ends = np.array(prob.shape if whole is None else whole) - BORDER_CELLS
    inside = (cells >= BORDER_CELLS) & (cells < ends) & (grid.seen_at(cells) < np.array(grid.seen) + _extent(grid))
    return np.asarray(cells[inside.all(1)])


def _extent(grid: Grid) -> npt.NDArray[np.int64]:
    return grid.margin * np.asarray(grid.step)


def candidates(cells: npt.NDArray[np.int64], scores: Floats, dist: Floats, grid: Grid) -> Instances:
    """Outlines at points of the map, in pixels of the image, the most probable first; of equal ones the upper left.

    Parameters
    ----------
    cells
        (n, 2) positions in the whole map.
    scores
        (n,) probabilities there.
    dist
        (n, n_rays) distances there, in pixels of the network's input.
    grid
        How the map lies on the image.
    """
    order = np.lexsort((cells[:, 1], cells[:, 0], -scores))
    radii = np.maximum(dist[order], 1e-3)
    if grid.scale != 1:
        radii = radii / np.float32(np.sqrt(grid.factors.prod()))
    points = grid.in_image(cells[order])
    about = {"working_scale": grid.scale, "certainty": None}
    return Instances(grid.shape, points, scores[order], Stars(points, radii), found=about)


def chosen(found: Instances, grid: Grid, nms_thresh: float) -> Instances:
    """Leave out candidates that overlap more probable ones, or of which too little is in the image.

    Parameters
    ----------
    found
        Candidates of the image or of a part of it, the most probable first.
    grid
        How the map they are from lies on the image.
    nms_thresh
        Overlap (intersection over union) above which the less probable one is left out.
    """
    from stardist.nms import non_maximum_suppression_inds

    if not len(found):
        return found
    seen_px = found.dist * np.float32(np.sqrt(grid.factors.prod()))
    kept = non_maximum_suppression_inds(seen_px, grid.on_grid(found.points), None, nms_thresh, verbose=False)
    found = replace(found.only(1 + np.flatnonzero(kept)), painted=None)
    if not grid.margin:
        return found
    seen_px2 = Filling.of(found.outlines, Bounds.of(grid.shape)).areas_px2.sum(1)
    seen = seen_px2 > LEAST_SEEN * found.outlines.areas_px2
    return replace(found.only(1 + np.flatnonzero(seen)), painted=None)


def peaks(prob: Floats) -> Floats:
    """Set all but the local maxima of a map of probabilities to 0.

    With these as candidates nearly the same objects are found, up to a hundred times faster.
    """
    from scipy.ndimage import maximum_filter

    return np.where(prob == maximum_filter(prob, 3), prob, np.float32(0))
