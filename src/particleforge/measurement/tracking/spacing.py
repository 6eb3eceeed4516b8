"""How far particles may move between frames and still be distinguished."""

import numpy as np

from particleforge.measurement.arrays import Floats, Ints

DIAMETERS = 2.0
"""Most diameters that a particle moves between frames, unless a distance is given."""
_FRAMES = 50
"""This many frames show how far particles are apart."""


def longest_step_px(frames: Ints, points: Floats, diameters: Floats) -> float:
    """Return half the median distance of a particle to its nearest neighbour, at most two median diameters.

    Without particles it is 1.

    Parameters
    ----------
    frames
        (n,) number of the frame of each particle, in ascending order.
    points
        (n, 2) places in px.
    diameters
        (n,) in px.
    """
    from scipy.spatial import KDTree

    if not len(frames):
        return 1.0
    _, starts, counts = np.unique(frames, return_index=True, return_counts=True)
    several = np.flatnonzero(counts > 1)
    apart = [np.inf]
    for which in several[:: max(1, len(several) // _FRAMES)]:
        own = points[starts[which] : starts[which] + counts[which]]
        apart += np.asarray(KDTree(own).query(own, 2)[0])[:, 1].tolist()
    middle = float(np.median(apart[1:])) if len(apart) > 1 else np.inf
    return min(middle / 2, DIAMETERS * float(np.median(diameters)))
