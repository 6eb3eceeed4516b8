"""Leave out corners of a polygon that hardly matter."""

import numpy as np
import numpy.typing as npt

from particleforge.compiled import compiled

Points = npt.NDArray[np.float64]


@compiled()
def needed_corners(corners: Points, tolerance: float) -> npt.NDArray[np.bool_]:
    """(n,) bool, the corners to keep so that the closed polygon moves by no more than a tolerance.

    The method of Douglas and Peucker, from the first corner and the one furthest from it; what it keeps, it keeps again
    if called on that alone.
    """
    count = len(corners)
    kept = np.zeros(count, np.bool_)
    kept[0] = True
    furthest, most = 0, -1.0
    for k in range(count):
        away = (corners[k, 0] - corners[0, 0]) ** 2 + (corners[k, 1] - corners[0, 1]) ** 2
        if away > most:
            furthest, most = k, away
    kept[furthest] = True
    spans = [(0, furthest), (furthest, count)]
    while len(spans):
        first, last = spans.pop()
        (y, x), (end_y, end_x) = corners[first], corners[last % count]
        dy, dx = end_y - y, end_x - x
        squared = max(dy * dy + dx * dx, 1e-12)
        furthest, most = first, tolerance * tolerance
        for k in range(first + 1, last):
            along = min(max(((corners[k, 0] - y) * dy + (corners[k, 1] - x) * dx) / squared, 0.0), 1.0)
            away = (corners[k, 0] - y - along * dy) ** 2 + (corners[k, 1] - x - along * dx) ** 2
            if away > most:
                furthest, most = k, away
        if furthest > first:
            kept[furthest] = True
            spans.append((first, furthest))
            spans.append((furthest, last))
    return kept
