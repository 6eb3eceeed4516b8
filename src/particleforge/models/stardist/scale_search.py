"""Find the scale at which an image's particles are as large as the network likes them."""

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
"""Pixels at working scale that are looked at when scales are compared."""
SMALLEST_PX = 48
"""Shorter side below which an image is not tried."""
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
    scales = np.geomspace(low, high, count)
    return tuple(float(scale) for scale in scales if scale <= largest) or (largest,)


@dataclass(frozen=True, eq=False)
class Look:
    """What the network made of an image at one scale: its maps, (h, w) and (n_rays, h, w), and the objects in them."""

    prob: Floats
    dist: Floats
    found: Instances


def find_at_best_scale(
    find: Callable[[Floats, float], Step[Look]], image: Floats, scales: Sequence[float], config: StarDistConfig
) -> Step[Instances]:
    """Find objects at the scale where the result is most plausible and changes least from scale to scale.

    Every scale is given its `plausibility` times the mean F1 of its objects against those found at the two
    neighbouring scales: particles stay where they are when an image is shown a little larger or smaller, what the
    network only imagines does not. For the same reason objects that both neighbours lack are dropped.

    Parameters
    ----------
    find
        The detector.
    image
        (Y, X) float32, normalised.
    scales
        What to try, ascending. Scales at which the image would be a stamp are left out.
    config
        Rays and grid.
    """
    tried = [s for s in scales if min(image.shape) * s >= SMALLEST_PX] or [max(scales)]
    looks: dict[float, Instances] = {}
    windows: dict[float, tuple[slice, slice]] = {}
    likely: list[float] = []
    for scale in tried:
        windows[scale] = _middle(image.shape, SEARCH_PX / scale**2)
        look = yield from find(image[windows[scale]], scale)
        looks[scale] = look.found
        likely.append(plausibility(look, scale, config))
    agreements = [
        _mean([_agreement(looks, windows, scale, other) for other in _neighbours(tried, i)])
        for i, scale in enumerate(tried)
    ]
    best = int(np.argmax(np.multiply(likely, agreements) if any(agreements) else likely))

    def whole(scale: float) -> Step[Instances]:
        if looks[scale].labels.shape == image.shape:
            return looks[scale]
        return (yield from find(image, scale)).found

    found = yield from whole(tried[best])
    others = []
    for scale in _neighbours(tried, best):
        others.append((yield from whole(scale)))
    return _confirmed(found, others)


def _confirmed(found: Instances, others: Sequence[Instances]) -> Instances:
    """Objects that one of the other results holds too, and how much these agree."""
    if not others or not len(found.scores):
        return found
    certainty = _mean([score(found.labels, other.labels).f1 for other in others])
    kept = [set(found_again(found.labels, other.labels).tolist()) for other in others]
    confirmed = found.only(np.array(sorted(set.union(*kept)), np.int64))
    return replace(confirmed, found={**confirmed.found, "certainty": certainty})


def _neighbours(scales: Sequence[float], i: int) -> list[float]:
    return [scales[k] for k in (i - 1, i + 1) if 0 <= k < len(scales)]


def _agreement(
    looks: dict[float, Instances], windows: dict[float, tuple[slice, slice]], one: float, other: float
) -> float:
    """F1 of the objects found at two scales, in the part of the image both were tried on."""
    small, large = (windows[s] for s in (max(one, other), min(one, other)))
    inner = tuple(slice(s.start - b.start, s.stop - b.start) for s, b in zip(small, large, strict=True))
    a, b = looks[max(one, other)].labels, looks[min(one, other)].labels[inner]
    return score(a, b).f1 if a.any() and b.any() else 0.0


def _middle(shape: tuple[int, ...], pixels: float) -> tuple[slice, slice]:
    """Middle of an image with about so many pixels and its own aspect ratio."""
    share = min(1.0, math.sqrt(pixels / math.prod(shape)))
    rows, columns = (
        slice(start := round(length * (1 - share) / 2), start + max(1, round(length * share))) for length in shape
    )
    return rows, columns


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else 0.0


def plausibility(look: Look, scale: float, config: StarDistConfig) -> float:
    """How much what was found at a scale looks like what the network was trained for.

    The root of the share of the image that objects explain, times the squares of their mean probability and of
    their `consistency`. At too small a scale objects are missed, at too large a scale the network finds round things
    of its favourite size in the texture of larger ones, each pixel another one.

    Parameters
    ----------
    look
        Maps, and objects in original pixels.
    scale
        Factor at which the network saw the image.
    config
        Rays and grid.
    """
    found = look.found
    if not len(found.scores):
        return 0.0
    explained = float((polygon_areas_px2(found.dist) * found.scores).sum()) / found.labels.size
    return (
        math.sqrt(explained)
        * (float(found.scores.mean()) * consistency(look.prob, look.dist, found, scale, config)) ** 2
    )


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
