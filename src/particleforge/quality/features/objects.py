"""The particles that a detector finds: shapes, spread of sizes, coverage and contrasts."""

import numpy as np
import numpy.typing as npt

from particleforge.measurement.arrays import Floats
from particleforge.measurement.overlapping import particles_of
from particleforge.measurement.rules import Rules
from particleforge.quality.view import Greys, View

Mask = npt.NDArray[np.bool_]

STANDARDISED = True
FIGURES = (
    "Aspect ratio (median)",
    "Solidity (median)",
    "Coverage",
    "GSD",
    "Contrast, inside less outside",
    "Contrast, edge less core",
)
EDGE_PX, CORE_PX = 2.5, 4.5
"""Depth within a particle, at working scale, up to which is its edge, and from which is its core."""


def compute(view: View) -> Floats:
    """Return the numbers named in `FIGURES`; without particles shapes, spread and contrasts are those of nothing."""
    from scipy import ndimage

    inside = view.labels > 0
    if not inside.any():
        return np.array([[1.0, 1.0, 0.0, 1.0, 0.0, 0.0]])
    particles = particles_of(view.labels, Rules())
    shapes = [float(np.median(particles[name])) for name in ("aspect_ratio", "solidity")]
    gsd = float(np.exp(np.log(particles["ecd_px"]).std()))
    depth = ndimage.distance_transform_edt(inside)
    edge, core = inside & (depth <= EDGE_PX), depth > CORE_PX
    contrasts = [_difference(view.middle, inside, ~inside), _difference(view.middle, edge, core)]
    return np.array([[*shapes, float(inside.mean()), gsd, *contrasts]])


def _difference(grey: Greys, one: Mask, other: Mask) -> float:
    """Difference of the mean grey values in two masks; 0 if one of them is empty."""
    return float(grey[one].mean() - grey[other].mean()) if one.any() and other.any() else 0.0
