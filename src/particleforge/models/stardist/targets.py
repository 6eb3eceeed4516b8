"""What a StarDist network should say about a label image."""

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
        (h, w) distance to the particle's edge over its largest value in the particle; 0 = background.
    dist
        (n_rays, h, w) distance in pixels to the particle's edge along each ray.
    weight
        (h, w) 1 where `prob` is known, 0 where nobody said what is there.
    """

    prob: Floats
    dist: Floats
    weight: Floats


def targets(labels: npt.NDArray[np.integer], known: npt.NDArray[np.bool_] | None, config: StarDistConfig) -> Targets:
    """Targets of a label image, as official StarDist computes them.

    Parameters
    ----------
    labels
        (Y, X) instance ids, 0 = background. Ids may be any; they are renumbered, since the compiled
        kernel holds 16 bits.
    known
        (Y, X) bool, False where the labels say nothing; None = known everywhere.
    config
        Rays and grid.
    """
    from stardist.geometry import star_dist
    from stardist.utils import edt_prob

    grid = tuple(config.grid)
    small = _renumbered(labels)
    cells = slice(None, None, grid[0]), slice(None, None, grid[1])
    prob = np.asarray(edt_prob(small), np.float32)[cells]
    dist = np.moveaxis(star_dist(small, config.n_rays, grid=grid), -1, 0)
    weight = np.ones_like(prob) if known is None else known[cells].astype(np.float32)
    return Targets(prob, np.ascontiguousarray(dist, np.float32), weight)


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
