"""Compiled inner loops: a particle from its polygon, a halo."""

import math

import numpy as np
import numpy.typing as npt

from particleforge.compiled import compiled

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]


@compiled(fastmath=True)
def distances(corners: Doubles, out: Floats) -> None:
    """Signed distance of every pixel from a closed polygon (y, x), positive inside."""
    count = len(corners)
    dy, dx, inverse = np.empty(count), np.empty(count), np.empty(count)
    for k in range(count):
        after = corners[(k + 1) % count]
        dy[k], dx[k] = after[0] - corners[k, 0], after[1] - corners[k, 1]
        inverse[k] = 1 / max(dy[k] * dy[k] + dx[k] * dx[k], 1e-12)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            nearest, inside = 1e30, False
            for k in range(count):
                py, px = i - corners[k, 0], j - corners[k, 1]
                share = min(max((py * dy[k] + px * dx[k]) * inverse[k], 0.0), 1.0)
                away_y, away_x = py - share * dy[k], px - share * dx[k]
                nearest = min(nearest, away_y * away_y + away_x * away_x)
                if (py < 0) != (py < dy[k]) and px < py * dx[k] / dy[k]:
                    inside = not inside
            out[i, j] = math.sqrt(nearest) if inside else -math.sqrt(nearest)


@compiled()
def shade(
    depth: Floats,
    profile: Doubles,
    sectors: Doubles,
    slope: tuple[float, float],
    centre: tuple[float, float],
    noise: Floats,
    corner: tuple[int, int],
    out: Floats,
) -> None:
    """Relative contrast of a particle: profile by depth, plus slope, plus facets by angle, plus noise."""
    deepest = np.float32(1e-6)
    for i in range(depth.shape[0]):
        for j in range(depth.shape[1]):
            deepest = max(deepest, depth[i, j])
    top, turns = len(profile) - 1, len(sectors)
    for i in range(depth.shape[0]):
        for j in range(depth.shape[1]):
            at = min(max(depth[i, j] / deepest, 0.0), 1.0) * top
            step = min(int(at), top - 1)
            value = profile[step] + (at - step) * (profile[step + 1] - profile[step])
            y, x = i - centre[0], j - centre[1]
            angle = math.atan2(y, x) / (2 * math.pi) + 0.5
            value += slope[0] * y + slope[1] * x + sectors[min(int(angle * turns), turns - 1)]
            row, column = (corner[0] + i) % noise.shape[0], (corner[1] + j) % noise.shape[1]
            out[i, j] = value + noise[row, column]


@compiled()
def glow(image: Floats, depth: Floats, place: tuple[int, int], amplitude: float, width: float) -> None:
    """Add a halo that fades outside a particle put at `place`; a negative one is a shadow."""
    top, left = place
    for i in range(max(0, -top), min(depth.shape[0], image.shape[0] - top)):
        for j in range(max(0, -left), min(depth.shape[1], image.shape[1] - left)):
            if depth[i, j] < 0:
                image[top + i, left + j] += np.float32(amplitude * math.exp(depth[i, j] / width))
