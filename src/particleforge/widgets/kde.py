"""Smooth density of sizes."""

import numpy as np

from particleforge.measurement.arrays import Floats
from particleforge.measurement.statistics.density import Smoother
from particleforge.measurement.statistics.sizes import Sizes


def log_density(sizes: Floats, at: Floats, weights: Floats | None = None) -> Floats | None:
    """Kernel density over ln d at some diameters; None if fewer than two differ.

    Parameters
    ----------
    sizes, weights
        (n,) diameters and their weights; None: all equal.
    at
        (m,) diameters.
    """
    order = np.argsort(sizes, kind="stable")
    given = np.ones(len(order)) if weights is None else weights[order]
    ordered = Sizes(sizes[order], given, np.zeros(len(order), np.int64), "")
    smoother = Smoother.of(ordered)
    if smoother is None:
        return None
    density: Floats = np.interp(
        np.log(at), smoother.centres, smoother.density(ordered.values, given[None])[:, 0], left=0.0, right=0.0
    )
    return density
