"""Convex hulls of all particles of a label image at once, and what follows from them."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_PAIRS_AT_ONCE = 2_000_000


@dataclass(frozen=True, eq=False)
class Hulls:
    """Convex hulls of the pixel centres of n particles, one after the other.

    Parameters
    ----------
    x, y
        (V,) corners in px, particle by particle, each hull in one sense of rotation.
    start
        (n,) index of each hull's first corner.
    count
        (n,) how many corners each hull has; one pixel has 1, a straight line 2.
    """

    x: Ints
    y: Ints
    start: Ints
    count: Ints

    @property
    def owner(self) -> Ints:
        """(V,) particle of each corner."""
        return np.repeat(np.arange(len(self.start)), self.count)

    @property
    def following(self) -> Ints:
        """(V,) index of the next corner of the same hull."""
        following = np.arange(1, len(self.x) + 1)
        following[self.start + self.count - 1] = self.start
        return following

    @property
    def preceding(self) -> Ints:
        """(V,) index of the corner before, of the same hull."""
        preceding = np.empty_like(self.following)
        preceding[self.following] = np.arange(len(self.x))
        return preceding


def hulls(which: Ints, y: Ints, left: Ints, right: Ints) -> Hulls:
    """Convex hulls from the outermost pixels of each row of each particle.

    Parameters
    ----------
    which, y
        (R,) particle 0 to n - 1 and row, sorted by particle, then row; each pair once, no particle left out.
    left, right
        (R,) columns of the particle's first and last pixel in that row.

    Returns
    -------
    Hulls
        In exact integer arithmetic, without points in the middle of straight sides.
    """
    keep_left, keep_right = _outer(which, y, left), _outer(which, y, -right)
    change = which[1:] != which[:-1]
    tip = np.r_[True, change] | np.r_[change, True]
    keep_right &= ~(tip & (left == right))
    down, up = np.flatnonzero(keep_left), np.flatnonzero(keep_right)[::-1]
    order = np.argsort(np.r_[which[down], which[up]], kind="stable")
    count = np.bincount(np.r_[which[down], which[up]])
    return Hulls(np.r_[left[down], right[up]][order], np.r_[y[down], y[up]][order], np.cumsum(count) - count, count)


def _outer(which: Ints, y: Ints, x: Ints) -> npt.NDArray[np.bool_]:
    """(R,) bool, True for corners of the hull on the side of small x.

    A point on or behind the line between two others of its particle, one above and one below, is no corner.
    Points far apart are compared first: far fewer rounds for long concave outlines.
    """
    index = np.arange(len(x))
    while True:
        before = len(index)
        for stride in (64, 8, 1):
            here, above, below = index[stride:-stride], index[: -2 * stride], index[2 * stride :]
            turn = (x[here] - x[above]) * (y[below] - y[above]) - (x[below] - x[above]) * (y[here] - y[above])
            behind = (which[above] == which[below]) & (turn >= 0)
            index = np.delete(index, np.flatnonzero(behind) + stride)
        if len(index) == before:
            corners = np.zeros(len(x), np.bool_)
            corners[index] = True
            return corners


def hull_pixels(hull: Hulls) -> Floats:
    """(n,) number of pixel centres inside or on each hull, by Pick's theorem: A + B / 2 + 1."""
    dx, dy = hull.x[hull.following] - hull.x, hull.y[hull.following] - hull.y
    n = len(hull.start)
    twice_area = np.abs(np.bincount(hull.owner, hull.x * dy - hull.y * dx, n))
    return np.asarray((twice_area + np.bincount(hull.owner, np.gcd(dx, dy), n)) / 2 + 1, float)


def feret(hull: Hulls) -> tuple[Floats, Floats]:
    """Largest and smallest Feret diameter in px; see `measure_particles` for the definition.

    Returns
    -------
    largest, smallest
        (n,) each.
    """
    n = len(hull.start)
    along_x = np.maximum.reduceat(hull.x, hull.start) - np.minimum.reduceat(hull.x, hull.start) + 1.0 if n else _none()
    along_y = np.maximum.reduceat(hull.y, hull.start) - np.minimum.reduceat(hull.y, hull.start) + 1.0 if n else _none()
    largest, smallest = np.maximum(along_x, along_y), np.minimum(along_x, along_y)
    dx, dy = hull.x[hull.following] - hull.x, hull.y[hull.following] - hull.y
    length = np.hypot(dx, dy)
    gap = np.gcd(dx, dy) / np.where(length > 0, length, 1)
    out_x, out_y = _moved_out(hull)
    for first, here, other, head in _pairs(hull):
        span = np.hypot(out_x[other] - out_x[here], out_y[other] - out_y[here])
        np.maximum.at(largest, hull.owner[first : first + len(head)], np.maximum.reduceat(span, head))
        across = np.abs(dx[here] * (hull.y[other] - hull.y[here]) - dy[here] * (hull.x[other] - hull.x[here]))
        side = slice(first, first + len(head))
        real = length[side] > 0
        width = np.maximum.reduceat(across, head)[real] / length[side][real] + gap[side][real]
        np.minimum.at(smallest, hull.owner[side][real], width)
    return largest, smallest


def _none() -> Floats:
    return np.zeros(0)


def _moved_out(hull: Hulls) -> tuple[Floats, Floats]:
    """(V,) corners where the sides meet once each lies half a lattice line further out; half a pixel at most.

    Relative to each hull's first corner, so that a particle measures the same wherever it lies.
    """
    origin = hull.start[hull.owner]
    x, y = (hull.x - hull.x[origin]).astype(float), (hull.y - hull.y[origin]).astype(float)
    after_x, after_y = x[hull.following] - x, y[hull.following] - y
    step = np.maximum(np.gcd(hull.x[hull.following] - hull.x, hull.y[hull.following] - hull.y), 1)
    after_x, after_y = after_x / step, after_y / step
    before_x, before_y = after_x[hull.preceding], after_y[hull.preceding]
    turn = before_x * after_y - before_y * after_x
    flat = turn == 0
    shift_x = np.where(flat, before_x, before_x - after_x)
    shift_y = np.where(flat, before_y, before_y - after_y)
    size = np.hypot(shift_x, shift_y)
    allowed = np.where(flat, 0.5, np.minimum(size / np.where(flat, 1, 2 * np.abs(turn)), 0.5))
    scale = allowed / np.where(size > 0, size, 1)
    return x + shift_x * scale, y + shift_y * scale


def _pairs(hull: Hulls) -> Iterator[tuple[int, Ints, Ints, Ints]]:
    """Every corner with every corner of its hull, in portions that fit into memory.

    Yields
    ------
    first, here, other, head
        Index of the portion's first corner, (P,) the corner, (P,) its partner, and where in these each corner begins.
    """
    partners = np.repeat(hull.count, hull.count)
    total = np.cumsum(partners)
    first = 0
    while first < len(partners):
        done = total[first - 1] if first else 0
        last = max(first + 1, math.floor(np.searchsorted(total, done + _PAIRS_AT_ONCE, "right")))
        number = partners[first:last]
        head = np.cumsum(number) - number
        here = np.repeat(np.arange(first, last), number)
        other = np.repeat(hull.start[hull.owner[first:last]] - head, number) + np.arange(len(here))
        yield first, here, other, head
        first = last
