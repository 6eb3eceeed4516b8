"""Distances between particles."""

import math
from typing import TYPE_CHECKING

import numpy as np

from particleforge.measurement.arrays import Floats
from particleforge.measurement.column import Column

if TYPE_CHECKING:
    from particleforge.measurement.descriptor import Particles

COLUMNS = (Column("neighbour", "length", "nearest neighbour", "Distance to the nearest other centroid.", place=100),)
TOGETHER = True


def compute(particles: "Particles") -> dict[str, Floats]:
    """Distance from each centroid to the nearest other one; NaN if there is no other."""
    return {"neighbour_px": nearest(np.stack([particles["x_px"], particles["y_px"]], axis=-1))}


def nearest(points: Floats) -> Floats:
    """(n,) distance of (n, 2) points from the nearest other one; NaN if there is no other."""
    from scipy.spatial import KDTree

    if len(points) < 2:
        return np.full(len(points), math.nan)
    away, _ = KDTree(points).query(points, k=2)
    return np.asarray(away, float)[:, 1]
