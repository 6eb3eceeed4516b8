"""Compiled inner loops: images and labels of spheres."""

import math

import numpy as np
import numpy.typing as npt

from particleforge.compiled import compiled

Doubles = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]
FINE = 4
"""Samples along each side of a pixel."""


@compiled()
def draw_sphere(out: Floats, centre: tuple[float, float], radius: float, curve: Doubles) -> None:
    """Mean signal of every pixel of a sphere at (y, x).

    `curve` is the signal in even steps from zero thickness to the diameter.
    """
    steps = len(curve) - 1
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            near_y, near_x = max(abs(i - centre[0]) - 0.5, 0.0), max(abs(j - centre[1]) - 0.5, 0.0)
            if near_y * near_y + near_x * near_x >= radius * radius:
                continue
            total = 0.0
            for a in range(FINE):
                y = i + (a + 0.5) / FINE - 0.5 - centre[0]
                for b in range(FINE):
                    x = j + (b + 0.5) / FINE - 0.5 - centre[1]
                    left = 1 - (y * y + x * x) / (radius * radius)
                    if left > 0:
                        at = math.sqrt(left) * steps
                        step = min(int(at), steps - 1)
                        total += curve[step] + (at - step) * (curve[step + 1] - curve[step])
            out[i, j] = total / (FINE * FINE)


@compiled()
def draw_labels(
    labels: npt.NDArray[np.uint32],
    places: Doubles,
    radii: Doubles,
    order: npt.NDArray[np.int64],
    areas: npt.NDArray[np.int64],
) -> None:
    """Write the discs of spheres at (y, x), the last of the order on top, and count the pixels of each whole disc."""
    height, width = labels.shape
    for k in order:
        y, x, radius = places[k, 0], places[k, 1], radii[k]
        for i in range(math.ceil(y - radius), math.floor(y + radius) + 1):
            for j in range(math.ceil(x - radius), math.floor(x + radius) + 1):
                if (i - y) ** 2 + (j - x) ** 2 <= radius * radius:
                    areas[k] += 1
                    if 0 <= i < height and 0 <= j < width:
                        labels[i, j] = k + 1
