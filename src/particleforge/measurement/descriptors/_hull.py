"""Convex hulls of all particles of a label image at once."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from particleforge.measurement.arrays import Floats, Ints
from particleforge.runs import Runs

_PAIRS_AT_ONCE = 2_000_000


@dataclass(frozen=True, eq=False)
class Hulls:
    """Convex hulls of the pixel centres of n particles, one after the other.

    Parameters
    ----------
    x, y
        (V,) corners in px, particle by particle, each hull in a fixed sense of rotation.
    start
        (n,) index of each hull's first corner.
    count
        (n,) number of corners of each hull; a single pixel has 1, a straight line 2.
    """

    x: Ints
    y: Ints
    start: Ints
    count: Ints

    @cached_property
    def owner(self) -> Ints:
        """(V,) particle of each corner."""
        return np.repeat(np.arange(len(self.start)), self.count)

    @cached_property
    def following(self) -> Ints:
        """(V,) index of the next corner of the same hull."""
        following = np.arange(1, len(self.x) + 1)
        following[self.start + self.count - 1] = self.start
        return following

    @cached_property
    def preceding(self) -> Ints:
        """(V,) index of the previous corner of the same hull."""
        preceding = np.empty_like(self.following)
        preceding[self.following] = np.arange(len(self.x))
        return preceding


def hulls(runs: Runs) -> Hulls:
    """Convex hulls of the pixel centres of every particle."""
    order = np.argsort(runs.which, kind="stable")
    which, y = runs.which[order], runs.y[order]
    new_row = np.ones(len(which), np.bool_)
    new_row[1:] = (which[1:] != which[:-1]) | (y[1:] != y[:-1])
    head = np.flatnonzero(new_row)
    tail = np.append(head[1:], len(which)) - 1 if len(head) else head
    return _hulls(which[head], y[head], runs.first[order][head], runs.last[order][tail])


def _hulls(which: Ints, y: Ints, left: Ints, right: Ints) -> Hulls:
    """Convex hulls from the outermost pixels of each row of each particle.

    Parameters
    ----------
    which, y
        (R,) particle 0 to n - 1 and row, sorted by particle, then row; each pair once, every particle included.
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

    A point on or behind the line between two others of its particle, one above and one below, is not a corner.
    Distant points are compared first, which takes far fewer rounds for long concave outlines.
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


def moved_out(hull: Hulls) -> tuple[Floats, Floats]:
    """(V,) corners after moving each side outwards by half a lattice spacing; by half a pixel at most.

    Relative to each hull's first corner, so that results do not depend on the position of a particle.
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


def first_of(values: Floats, hull: Hulls) -> Ints:
    """(n,) index of the corner of each hull with the smallest of `values`, the first one if several are equal."""
    if not len(hull.start):
        return hull.start
    least = np.minimum.reduceat(values, hull.start)[hull.owner]
    where = np.flatnonzero(values <= least)
    return where[np.unique(hull.owner[where], return_index=True)[1]].astype(np.int64)


def pairs(hull: Hulls) -> Iterator[tuple[slice, Ints, Ints, Ints]]:
    """Pair every corner with every corner of its hull, in portions that fit into memory.

    Yields
    ------
    corners, here, other, head
        Corners of the portion, (P,) the corner, (P,) its partner, and where each corner begins in these.
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
        yield slice(first, last), here, other, head
        first = last
