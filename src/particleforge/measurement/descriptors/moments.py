"""Area, centroid and the ellipse of equal second moments."""

import math

import numpy as np

from particleforge.measurement.descriptors.runs import Floats, Runs


def moments(runs: Runs) -> dict[str, Floats]:
    """Columns ``area_px2, x_px, y_px, ellipse_major_px, ellipse_minor_px, orientation_deg``.

    Closed sums over runs, relative to each particle's first run so that no digits are lost far from the origin.
    """
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
        "x_px": corner + mean_x,
        "y_px": top + mean_y,
        "ellipse_major_px": 4 * np.sqrt(half + stretch),
        "ellipse_minor_px": 4 * np.sqrt(np.where(stretch < (1 - 1e-9) * half, half - stretch, 0)),
        "orientation_deg": orientation,
    }
