"""Training targets of a StarDist network for a label image."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from particleforge.models.stardist.config import StarDistConfig

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Targets:
    """Targets on the network's grid.

    Parameters
    ----------
    prob
        (h, w) how well the outline of the particle can be predicted from this point, 1 at its centre; 0 = background.
        See `targets`.
    dist
        (n_rays, h, w) distance in pixels to the edge of the particle along each ray.
    weight
        (h, w) 1 where `prob` is known, 0 where the image is not annotated.
    """

    prob: Floats
    dist: Floats
    weight: Floats


def targets(labels: npt.NDArray[np.integer], known: npt.NDArray[np.bool_] | None, config: StarDistConfig) -> Targets:
    """Compute the targets of a label image.

    The distances are those of official StarDist. Its object probability is the distance to the edge relative to the
    largest one in the particle; it is as high near the ends of a rod as at its centre, although the far end is
    predicted poorly from there. Here it is the geometric mean of that and of how evenly the point divides the longest
    chord through it, which makes no difference for discs.

    Parameters
    ----------
    labels
        (Y, X) instance ids, 0 = background. Any ids are possible; they are renumbered, since the compiled
        kernel uses 16 bits.
    known
        (Y, X) bool, False where the image is not annotated; None = annotated everywhere.
    config
        Rays and grid.
    """
    from stardist.geometry import star_dist
    from stardist.utils import edt_prob

    grid = tuple(config.grid)
    small = _renumbered(labels)
    cells = slice(None, None, grid[0]), slice(None, None, grid[1])
    dist = np.moveaxis(star_dist(small, config.n_rays, grid=grid), -1, 0)
    prob = np.sqrt(np.asarray(edt_prob(small), np.float32)[cells] * _centred(dist))
    weight = np.ones_like(prob) if known is None else known[cells].astype(np.float32)
    return Targets(prob, dist, weight)


def _centred(dist: Floats) -> Floats:
    """(h, w) shorter part of the longest chord through each point, divided by half the chord, from (n_rays, h, w)."""
    opposite = len(dist) // 2
    ahead, behind = dist[:opposite], dist[opposite : 2 * opposite]
    chords = ahead + behind
    longest = chords.argmax(0)[None]
    shorter = np.take_along_axis(np.minimum(ahead, behind), longest, 0)[0]
    whole = np.take_along_axis(chords, longest, 0)[0]
    return np.asarray(2 * shorter / np.maximum(whole, 1e-6), np.float32)


def _renumbered(labels: npt.NDArray[np.integer]) -> npt.NDArray[np.uint16]:
    """Labels with ids 1, 2, ... in 16 bits."""
    highest = int(labels.max(initial=0))
    if highest > 4 * labels.size:
        found, inverse = np.unique(labels, return_inverse=True)
        return np.asarray(inverse + (found[0] != 0), np.uint16).reshape(labels.shape)
    used = np.bincount(labels.ravel(), minlength=highest + 1) > 0
    used[0] = False
    renumbered: npt.NDArray[np.uint16] = np.cumsum(used, dtype=np.uint16)[labels] * (labels > 0)
    return renumbered
