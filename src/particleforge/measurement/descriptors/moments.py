"""Area, centroid and the ellipse of equal second moments."""

import math
from typing import TYPE_CHECKING

import numpy as np

from particleforge.measurement.arrays import Floats
from particleforge.measurement.column import Column

if TYPE_CHECKING:
    from particleforge.measurement.descriptor import Particles

_CENTROID = "Centroid along {}; 0 is the centre of the first pixel."
_AXIS = "{} axis of the ellipse of equal second moments of the pixel centres, as in scikit-image."
COLUMNS = (
    Column("x", "length", "x", _CENTROID.format("columns"), place=20),
    Column("y", "length", "y", _CENTROID.format("rows"), place=21),
    Column("area", "area", "area", "Number of pixels A.", place=31),
    Column("ellipse_major", "length", "major axis", _AXIS.format("Longer"), r"4\sqrt{\lambda_1}", place=60),
    Column("ellipse_minor", "length", "minor axis", _AXIS.format("Shorter"), r"4\sqrt{\lambda_2}", place=61),
    Column(
        "orientation",
        "angle",
        "orientation",
        "Angle of the longer axis, counter-clockwise from the vertical (downwards), -90 to 90; empty if both axes are "
        "equal, as for a single pixel.",
        place=190,
    ),
)


def compute(particles: "Particles") -> dict[str, Floats]:
    """Sum over runs in closed form, relative to each particle's first run so that no precision is lost."""
    runs = particles.runs
    top, corner = (np.zeros(len(runs.ids), np.int64) for _ in range(2))
    top[runs.which[::-1]], corner[runs.which[::-1]] = runs.y[::-1], runs.first[::-1]
    length = runs.length
    y = runs.y - top[runs.which]
    x = (runs.first + runs.last) / 2 - corner[runs.which]
    area = runs.sum(length)
    mean_x, mean_y = runs.sum(length * x) / area, runs.sum(length * y) / area
    xx = runs.sum(length * (x**2 + (length**2 - 1) / 12)) / area - mean_x**2
    yy = runs.sum(length * y**2) / area - mean_y**2
    xy = runs.sum(length * x * y) / area - mean_x * mean_y
    half, stretch = (xx + yy) / 2, np.hypot(2 * xy, yy - xx) / 2
    orientation = np.degrees(0.5 * np.arctan2(2 * xy, yy - xx))
    orientation[stretch <= 1e-9 * half] = math.nan
    return {
        "area_px2": area,
        "x_px": corner + mean_x + particles.frame.left,
        "y_px": top + mean_y + particles.frame.top,
        "ellipse_major_px": 4 * np.sqrt(half + stretch),
        "ellipse_minor_px": 4 * np.sqrt(np.where(stretch < (1 - 1e-9) * half, half - stretch, 0)),
        "orientation_deg": orientation,
    }
