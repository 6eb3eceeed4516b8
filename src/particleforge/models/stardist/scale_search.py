"""Find the scale at which an image's particles are as large as the network likes them."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from particleforge.models.stardist.config import StarDistConfig
from particleforge.models.stardist.instances import Instances

Floats = npt.NDArray[np.float32]
STEP = math.sqrt(2)
"""Ratio of neighbouring scales that are tried: the network was trained to bear about that."""


def candidate_scales(diameters_px: Sequence[float], target_px: float, largest: float) -> tuple[float, ...]:
    """Scales that bring particles between the smallest and largest given diameter to the target, and a step beyond.

    Parameters
    ----------
    diameters_px
        Median particle diameter of each training image.
    target_px
        Diameter the network was trained for.
    largest
        No scale is larger than this.
    """
    low, high = target_px / max(diameters_px) / STEP, target_px / min(diameters_px) * STEP
    count = max(2, round(math.log(high / low) / math.log(STEP)) + 1)
    scales = np.minimum(np.geomspace(low, high, count), largest)
    return tuple(float(scale) for scale in dict.fromkeys(scales))


def plausibility(prob: Floats, dist: Floats, found: Instances, scale: float, config: StarDistConfig) -> float:
    """How much what was found at a scale looks like what the network was trained for.

    The root of the share of the image that objects explain, times the squares of their mean probability and of
    their `consistency`. At too small a scale objects are missed, at too large a scale the network finds round things
    of its favourite size in the texture of larger ones, each pixel another one.

    Parameters
    ----------
    prob, dist
        (h, w) and (n_rays, h, w) maps of the network.
    found
        Objects in original pixels.
    scale
        Factor at which the network saw the image.
    config
        Rays and grid.
    """
    if not len(found.scores):
        return 0.0
    explained = float((polygon_areas_px2(found.dist) * found.scores).sum()) / found.labels.size
    return math.sqrt(explained) * (float(found.scores.mean()) * consistency(prob, dist, found, scale, config)) ** 2


def consistency(prob: Floats, dist: Floats, found: Instances, scale: float, config: StarDistConfig) -> float:
    """Whether all points inside an object tell of the same object: 1 = they do, 0 = each tells of one around itself.

    Each point with a probability as high as that of the least probable object predicts an outline of its own. The
    distance of its centroid from that of the object it lies in, over the point's own distance from there, says how
    little it knows of the object; the mean of this over all points is taken from 1.
    """
    cells = np.argwhere(prob >= found.scores.min())
    points = cells * np.asarray(config.grid)
    places = np.rint((points + 0.5) / scale - 0.5).astype(int)
    inside = ((places >= 0) & (places < found.labels.shape)).all(1)
    cells, points, places = cells[inside], points[inside], places[inside]
    ids = found.labels[places[:, 0], places[:, 1]].astype(int)
    cells, points, ids = cells[ids > 0], points[ids > 0], ids[ids > 0]
    if not len(ids):
        return 0.0
    told = points + centroids(dist[:, cells[:, 0], cells[:, 1]].T)
    centres = (found.points + 0.5) * scale - 0.5 + centroids(found.dist * np.float32(scale))
    weight = prob[cells[:, 0], cells[:, 1]]
    off = float((weight * np.linalg.norm(told - centres[ids - 1], axis=1)).sum())
    usual = float((weight * np.linalg.norm(points - centres[ids - 1], axis=1)).sum())
    return max(0.0, 1 - off / max(usual, 1e-9))


def centroids(dist: Floats) -> npt.NDArray[np.float64]:
    """(n, 2) y and x of the centroids of star-convex outlines from their (n, n_rays) radii, from the centre point."""
    angles = np.linspace(0, 2 * math.pi, dist.shape[1], endpoint=False)
    radii = np.asarray(dist, np.float64)
    moments = radii**3 @ np.stack([np.sin(angles), np.cos(angles)], axis=1)
    return np.asarray(2 / 3 * moments / np.maximum((radii**2).sum(1, keepdims=True), 1e-12))


def polygon_areas_px2(dist: Floats) -> npt.NDArray[np.float64]:
    """Areas of star-convex polygons from their (n, n_rays) radii."""
    neighbours = (dist * np.roll(dist, 1, axis=1)).sum(1, dtype=np.float64)
    return np.asarray(0.5 * math.sin(2 * math.pi / dist.shape[1]) * neighbours)
