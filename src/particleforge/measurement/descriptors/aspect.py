"""Ratio of the length to the width of a particle."""

import math
from typing import TYPE_CHECKING

import numpy as np

from particleforge.measurement.arrays import Floats
from particleforge.measurement.column import Column

if TYPE_CHECKING:
    from particleforge.measurement.descriptor import Particles

COLUMNS = (
    Column(
        "aspect_ratio",
        "ratio",
        "aspect ratio",
        "Ratio of the largest to the smallest Feret diameter; at least 1.",
        heading="Aspect",
        place=120,
    ),
    Column(
        "ellipse_aspect_ratio",
        "ratio",
        "aspect ratio of the ellipse",
        "Ratio of the major to the minor axis of the ellipse; empty for an ellipse without width.",
        place=121,
    ),
)


def compute(particles: "Particles") -> dict[str, Floats]:
    """Ratios of Feret diameters and of axes."""
    major, minor = particles["ellipse_major_px"], particles["ellipse_minor_px"]
    return {
        "aspect_ratio": particles["feret_max_px"] / particles["feret_min_px"],
        "ellipse_aspect_ratio": major / np.where(minor > 0, minor, math.nan),
    }
