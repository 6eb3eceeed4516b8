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
    radii = np.maximum(dist[cells[:, 0], cells[:, 1]], 1e-3)
    scores = prob[cells[:, 0], cells[:, 1]]
    points, scores, radii, _ = non_maximum_suppression_sparse(radii, scores, points, nms_thresh=thresholds.nms)
    if scale != 1:
        factors = np.divide(seen, shape)  # not quite `scale`, as the resized image has whole pixels
        points, radii = (points + 0.5) / factors - 0.5, radii / np.float32(np.sqrt(factors.prod()))
    about = {"working_scale": scale, "certainty": None}
    found = Instances(shape, np.asarray(points, np.float64), scores, Stars(points, radii), found=about)
    if not margin:
        return found
    seen_px2 = Filling.of(found.outlines, Bounds.of(shape)).areas_px2.sum(1)
    return found.only(1 + np.flatnonzero(seen_px2 > LEAST_SEEN * found.outlines.areas_px2))


def peaks(prob: Floats) -> Floats:
    """Set all but the local maxima of a map of probabilities to 0.

    With these as candidates nearly the same objects are found, up to a hundred times faster.
    """
    from scipy.ndimage import maximum_filter

    return np.where(prob == maximum_filter(prob, 3), prob, np.float32(0))
