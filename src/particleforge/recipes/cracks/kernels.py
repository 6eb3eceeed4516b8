"""Compiled inner loops: lines whose width varies."""

import numpy as np
import numpy.typing as npt

from particleforge.compiled import compiled

Floats = npt.NDArray[np.float64]


@compiled()
def draw_path(points: Floats, widths: Floats, reach: float, depth: npt.NDArray[np.float32]) -> None:
    """Raise depths to those of a line, where they are smaller.

    Parameters
    ----------
    points, widths
        (n, 2) y and x along the line, and (n,) its width there; linear in between.
    reach
        How far from its edges depths are computed.
    depth
        (Y, X) distance to the edge of the nearest line, positive inside; changed in place.
    """
    height, width = depth.shape
    for k in range(len(points) - 1):
        y0, x0, dy, dx = points[k, 0], points[k, 1], points[k + 1, 0] - points[k, 0], points[k + 1, 1] - points[k, 1]
        squared = dy * dy + dx * dx + 1e-12
        far = reach + max(widths[k], widths[k + 1]) / 2
        for i in range(max(int(min(y0, y0 + dy) - far), 0), min(int(max(y0, y0 + dy) + far) + 2, height)):
            for j in range(max(int(min(x0, x0 + dx) - far), 0), min(int(max(x0, x0 + dx) + far) + 2, width)):
                t = min(max(((i - y0) * dy + (j - x0) * dx) / squared, 0.0), 1.0)
                away = np.sqrt((y0 + t * dy - i) ** 2 + (x0 + t * dx - j) ** 2)
                inside = (widths[k] + t * (widths[k + 1] - widths[k])) / 2 - away
                if inside > depth[i, j]:
                    depth[i, j] = inside
