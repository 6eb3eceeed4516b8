"""Compiled inner loops: push discs apart, grow a cluster."""

import math

import numpy as np
import numpy.typing as npt

from particleforge.compiled import compiled

Doubles = npt.NDArray[np.float64]


@compiled()
def push_apart(places: Doubles, radii: Doubles, size: tuple[float, float], rounds: int) -> float:
    """Move discs away from each other and into a rectangle (y, x) until none overlap; return the largest overlap left.

    Each overlapping pair is moved apart by slightly more than its overlap, half each.
    """
    count = len(places)
    worst = 0.0
    for _ in range(rounds):
        worst = 0.0
        for i in range(count):
            for j in range(i):
                dy, dx = places[i, 0] - places[j, 0], places[i, 1] - places[j, 1]
                reach = radii[i] + radii[j]
                square = dy * dy + dx * dx
                if square >= reach * reach:
                    continue
                apart = math.sqrt(square)
                worst = max(worst, reach - apart)
                if apart < 1e-9:
                    dy, dx, apart = 1e-3, 1e-3, 1.414e-3
                push = (reach - apart) * 0.51 / apart
                places[i, 0] += push * dy
                places[i, 1] += push * dx
                places[j, 0] -= push * dy
                places[j, 1] -= push * dx
        for i in range(count):
            for k in range(2):
                places[i, k] = min(max(places[i, k], 0.0), size[k])
        if worst < 1e-3:
            break
    return worst


@compiled()
def touch(places: Doubles, radii: Doubles, count: int, start: Doubles, towards: Doubles, radius: float) -> float:
    """Distance a sphere moves along a unit vector until it meets the first of `count` spheres; inf if it meets none."""
    nearest = math.inf
    for i in range(count):
        x, y, z = start[0] - places[i, 0], start[1] - places[i, 1], start[2] - places[i, 2]
        along = x * towards[0] + y * towards[1] + z * towards[2]
        reach = radii[i] + radius
        inside = along * along - (x * x + y * y + z * z - reach * reach)
        if along < 0 and inside >= 0:
            nearest = min(nearest, max(-along - math.sqrt(inside), 0.0))
    return nearest


@compiled()
def grow(radii: Doubles, free_path: float, rng: np.random.Generator, places: Doubles) -> None:
    """Fill in the positions of spheres that fly to a cluster one by one and stay where they first touch it.

    Between two random turns a sphere flies an exponentially distributed distance with the mean `free_path`: large is
    ballistic, small is diffusive.
    """
    places[0] = 0.0
    far = radii[0]
    towards, point = np.empty(3), np.empty(3)
    for k in range(1, len(radii)):
        launch = far + 2 * radii[k]
        lost = True
        while True:
            if lost:
                _direction(rng, towards)
                point[:] = launch * towards
                lost = False
            _direction(rng, towards)
            step = rng.exponential(free_path)
            way = touch(places, radii, k, point, towards, radii[k])
            if way <= step:
                places[k] = point + way * towards
                break
            point += step * towards
            lost = point[0] ** 2 + point[1] ** 2 + point[2] ** 2 > (3 * launch) ** 2
        far = max(far, math.sqrt((places[k] ** 2).sum()) + radii[k])


@compiled()
def _direction(rng: np.random.Generator, out: Doubles) -> None:
    z, angle = rng.uniform(-1, 1), rng.uniform(0, 2 * math.pi)
    across = math.sqrt(max(0.0, 1 - z * z))
    out[0], out[1], out[2] = across * math.cos(angle), across * math.sin(angle), z
