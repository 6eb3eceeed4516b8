"""Find the scale at which the particles of an image have the size the network was trained for."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from particleforge.models.stardist.config import StarDistConfig
from particleforge.models.stardist.instances import Instances, polygon_areas_px2
from particleforge.quality.matching import found_again, score
from particleforge.step import Step

Floats = npt.NDArray[np.float32]
SEARCH_PX = 1e6
"""Pixels at working scale that are searched when scales are compared."""
SMALLEST_PX = 48
"""Shorter side below which a scale is not tried."""
STEP = math.sqrt(2)
"""Ratio of neighbouring scales; the network was trained to tolerate about this factor."""


def candidate_scales(diameters_px: Sequence[float], target_px: float, largest: float) -> tuple[float, ...]:
    """Scales that bring particles between the smallest and largest given diameter to the target, and one step beyond.

    Parameters
    ----------
    diameters_px
        Median particle diameter of each training image.
    target_px
        Diameter the network was trained for.
    largest
        Upper limit of the scales.
    """
    low, high = target_px / max(diameters_px) / STEP, target_px / min(diameters_px) * STEP
    count = max(2, round(math.log(high / low) / math.log(STEP)) + 1)
    scales = np.geomspace(low, high, count)
    return tuple(float(scale) for scale in scales if scale <= largest) or (largest,)


@dataclass(frozen=True, eq=False)
class AtScale:
    """Result of the network at one scale: its maps, (h, w) and (h, w, n_rays), and the objects found in them."""

    prob: Floats
    dist: Floats
    found: Instances


def find_at_best_scale(
    find: Callable[[Floats, float], Step[AtScale]], image: Floats, scales: Sequence[float], config: StarDistConfig
) -> Step[Instances]:
    """Find objects at the scale where the result is most plausible and changes least from scale to scale.

    Each scale is rated by its `plausibility` times the mean F1 of its objects against those found at the two
    neighbouring scales: real particles stay in place when an image is enlarged or reduced a little, false detections do
    not. For the same reason objects found at neither of the neighbouring scales are dropped.

    Parameters
    ----------
    find
        The detector.
    image
        (Y, X) float32, normalised.
    scales
        What to try, ascending. Scales at which the image would become tiny are left out.
    config
        Rays and grid.
    """
    tried = [s for s in scales if min(image.shape) * s >= SMALLEST_PX] or [max(scales)]
    results: dict[float, Instances] = {}
    windows: dict[float, tuple[slice, slice]] = {}
    likely: list[float] = []
    for scale in tried:
        windows[scale] = _middle(image.shape, SEARCH_PX / scale**2)
        result = yield from find(image[windows[scale]], scale)
        results[scale] = result.found
        likely.append(plausibility(result, scale, config))
    agreements = [
        _mean([_agreement(results, windows, scale, other) for other in _neighbours(tried, i)])
        for i, scale in enumerate(tried)
    ]
    best = int(np.argmax(np.multiply(likely, agreements) if any(agreements) else likely))

    def whole(scale: float) -> Step[Instances]:
        if results[scale].labels.shape == image.shape:
            return results[scale]
        return (yield from find(image, scale)).found

    found = yield from whole(tried[best])
    others = []
    for scale in _neighbours(tried, best):
        others.append((yield from whole(scale)))
    return _confirmed(found, others)


def _confirmed(found: Instances, others: Sequence[Instances]) -> Instances:
    """Return the objects that at least one of the other results also contains, with the agreement as certainty."""
    if not others or not len(found.scores):
        return found
    certainty = _mean([score(found.labels, other.labels).f1 for other in others])
    kept = [set(found_again(found.labels, other.labels).tolist()) for other in others]
    confirmed = found.only(np.array(sorted(set.union(*kept)), np.int64))
    return replace(confirmed, found={**confirmed.found, "certainty": certainty})


def _neighbours(scales: Sequence[float], i: int) -> list[float]:
    return [scales[k] for k in (i - 1, i + 1) if 0 <= k < len(scales)]


def _agreement(
    results: dict[float, Instances], windows: dict[float, tuple[slice, slice]], one: float, other: float
) -> float:
    """F1 of the objects found at two scales, in the part of the image on which both were tried."""
    small, large = (windows[s] for s in (max(one, other), min(one, other)))
    inner = tuple(slice(s.start - b.start, s.stop - b.start) for s, b in zip(small, large, strict=True))
    a, b = results[max(one, other)].labels, results[min(one, other)].labels[inner]
    return score(a, b).f1 if a.any() and b.any() else 0.0


def _middle(shape: tuple[int, ...], pixels: float) -> tuple[slice, slice]:
    """Central part of an image with about the given number of pixels and the same aspect ratio."""
    share = min(1.0, math.sqrt(pixels / math.prod(shape)))
    rows, columns = (
        slice(start := round(length * (1 - share) / 2), start + max(1, round(length * share))) for length in shape
    )
    return rows, columns


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else 0.0


def plausibility(result: AtScale, scale: float, config: StarDistConfig) -> float:
    """Rate how much the objects found at a scale look like those the network was trained on.

    The square root of the share of the image covered by objects, times the squares of their mean probability and of
    their `consistency`. If the scale is too small, objects are missed; if it is too large, the network finds round
    objects of its preferred size in the texture of larger ones, a different one from each pixel.

    Parameters
    ----------
    result
        Maps, and objects in original pixels.
    scale
        Factor by which the image was resized for the network.
    config
        Rays and grid.
    """
    found = result.found
    if not len(found.scores):
        return 0.0
    explained = float((polygon_areas_px2(found.dist) * found.scores).sum()) / found.labels.size
    return (
        math.sqrt(explained)
        * (float(found.scores.mean()) * consistency(result.prob, result.dist, found, scale, config)) ** 2
    )


def consistency(prob: Floats, dist: Floats, found: Instances, scale: float, config: StarDistConfig) -> float:
    """Rate whether all points inside an object predict the same outline: 1 = they do, 0 = each one around itself.

    Each point with a probability at least that of the least probable object predicts an outline of its own. The
    distance of the centroid of this outline from that of the object, divided by the distance of the point itself from
    there, measures their disagreement; the result is 1 minus its mean over all points.
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
    predicted = points + centroids(dist[cells[:, 0], cells[:, 1]])
    centres = (found.points + 0.5) * scale - 0.5 + centroids(found.dist * np.float32(scale))
    weight = prob[cells[:, 0], cells[:, 1]]
    off = float((weight * np.linalg.norm(predicted - centres[ids - 1], axis=1)).sum())
    usual = float((weight * np.linalg.norm(points - centres[ids - 1], axis=1)).sum())
    return max(0.0, 1 - off / max(usual, 1e-9))


def centroids(dist: Floats) -> npt.NDArray[np.float64]:
    """(n, 2) y and x of the centroids of star-convex outlines from their (n, n_rays) radii, from the centre point."""
    angles = np.linspace(0, 2 * math.pi, dist.shape[1], endpoint=False)
    radii = np.asarray(dist, np.float64)
    moments = radii**3 @ np.stack([np.sin(angles), np.cos(angles)], axis=1)
    return np.asarray(2 / 3 * moments / np.maximum((radii**2).sum(1, keepdims=True), 1e-12))
