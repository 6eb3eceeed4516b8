"""Compiled inner loops: the cheapest closed path around a point."""

import numpy as np
import numpy.typing as npt

from particleforge.compiled import compiled

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@compiled()
def closed_path(cost: Floats, stiffness: float, path: Ints) -> float:
    """Find the cheapest closed path: one radius per angle, plus `stiffness` times each change of radius.

    Branch and bound over the first radius (Appleton and Sun 2003, doi:10.1007/3-540-45086-3_10): a path that may
    begin and end anywhere in an interval is a lower bound for all closed ones, and exact if it is itself closed.

    Parameters
    ----------
    cost
        (angles, radii); infinite where no path may pass.
    stiffness
        Cost of one step of the radius.
    path
        (angles,) filled with the radius index of each angle.

    Returns
    -------
    float
        Cost of the path; infinite if there is none, in which case `path` is unchanged.
    """
    angles, radii = cost.shape
    total = np.empty((angles + 1, radii))
    trial = np.zeros(angles + 1, np.int64)
    best: float = np.inf
    waiting = [(0, radii - 1)]
    while len(waiting):
        low, high = waiting.pop()
        bound = _path_between(cost, stiffness, low, high, total, trial)
        if bound >= best:
            continue
        if trial[0] == trial[angles]:
            best = bound
            path[:] = trial[:angles]
            continue
        middle = (trial[0] + trial[angles]) // 2
        waiting.append((low, middle))
        waiting.append((middle + 1, high))
    return best


@compiled()
def _path_between(cost: Floats, stiffness: float, low: int, high: int, total: Floats, path: Ints) -> float:
    """Cheapest path whose first and last radius lie in [low, high]; the last angle repeats the first."""
    angles, radii = cost.shape
    for r in range(radii):
        total[0, r] = cost[0, r] if low <= r <= high else np.inf
    for a in range(1, angles + 1):
        _reach(total[a - 1], stiffness, total[a])
        if a < angles:
            for r in range(radii):
                total[a, r] += cost[a, r]
    end = low
    for r in range(low, high + 1):
        if total[angles, r] < total[angles, end]:
            end = r
    best: float = total[angles, end]
    if best == np.inf:
        return best
    here = end
    path[angles] = end
    for a in range(angles - 1, -1, -1):
        cheapest, at = np.inf, 0
        for r in range(radii):
            candidate = total[a, r] + stiffness * abs(r - here)
            if candidate < cheapest:
                cheapest, at = candidate, r
        path[a] = here = at
    return best


@compiled()
def _reach(before: Floats, stiffness: float, after: Floats) -> None:
    """Cheapest path to each radius: the minimum of before[q] + stiffness * |q - r| over q."""
    least = np.inf
    for r in range(len(before)):
        least = min(least + stiffness, before[r])
        after[r] = least
    least = np.inf
    for r in range(len(before) - 1, -1, -1):
        least = min(least + stiffness, before[r])
        after[r] = min(after[r], least)
