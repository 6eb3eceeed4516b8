"""How far particles lie apart."""

import math

import numpy as np

from particleforge.measurement.descriptors.runs import Floats


def nearest(x: Floats, y: Floats) -> Floats:
    """(n,) distance from each centroid to the nearest other one; NaN where there is none."""
    from scipy.spatial import KDTree

    if len(x) < 2:
        return np.full(len(x), math.nan)
    points = np.stack([x, y], axis=-1)
    away, _ = KDTree(points).query(points, k=2)
    return np.asarray(away, float)[:, 1]
