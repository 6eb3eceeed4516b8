"""How much star-convex outlines overlap, without painting them."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from particleforge.models.detections import Floats
from particleforge.models.stardist.stars import Stars

RAYS, RINGS = 32, 6
"""Each outline is represented by a point on this many rays times rings."""
GOLDEN = 0.618034
"""Points are spread most evenly if each ray begins this part of a ring later than the one before."""
PAIRS_AT_ONCE = 20_000
"""Bounds the memory."""

Doubles = npt.NDArray[np.float64]
Ids = npt.NDArray[np.int64]


class Bounds(NamedTuple):
    """Part of an image, in pixels: those from `top` to `bottom` - 1 and `left` to `right` - 1."""

    top: int
    left: int
    bottom: int
    right: int

    @classmethod
    def of(cls, shape: tuple[int, ...]) -> "Bounds":
        """All of an image."""
        return cls(0, 0, shape[0], shape[1])

    @classmethod
    def of_window(cls, window: tuple[slice, slice]) -> "Bounds":
        """Part of an image by its index."""
        rows, columns = window
        return cls(rows.start, columns.start, rows.stop, columns.stop)

    @property
    def window(self) -> tuple[slice, slice]:
        """The same as an index."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    @property
    def area_px2(self) -> int:
        """Number of pixels."""
        return (self.bottom - self.top) * (self.right - self.left)

    def common(self, other: "Bounds") -> "Bounds":
        """Part that belongs to both."""
        return Bounds(*map(max, self[:2], other[:2]), *map(min, self[2:], other[2:]))

    def hold(self, points: Doubles) -> npt.NDArray[np.bool_]:
        """Whether points, (..., 2) y and x in pixels, lie in it."""
        inside = (points[..., 0] > self.top - 0.5) & (points[..., 0] < self.bottom - 0.5)
        return np.asarray(inside & (points[..., 1] > self.left - 0.5) & (points[..., 1] < self.right - 0.5))


class Filling(NamedTuple):
    """Points spread evenly over outlines.

    Parameters
    ----------
    points
        (n, m, 2) y and x, in pixels.
    areas_px2
        (n, m) area that each stands for; 0 for those out of bounds.
    """

    points: Floats
    areas_px2: Floats

    @classmethod
    def of(cls, stars: Stars, bounds: Bounds) -> "Filling":
        """Fill the part of each outline that lies within bounds."""
        step = max(1, stars.dist.shape[1] // RAYS)
        radii = stars.dist[:, ::step]
        angles = np.arange(radii.shape[1]) * (2 * math.pi / radii.shape[1])
        staggered = np.arange(RINGS) + (np.arange(radii.shape[1])[:, None] * GOLDEN) % 1
        rings = np.sqrt(staggered / RINGS)
        directions = np.stack([np.sin(angles), np.cos(angles)], axis=1)
        spread = radii[:, :, None, None] * rings[..., None] * directions[:, None]
        points = (stars.points[:, None, None] + spread).reshape(len(stars), radii.shape[1] * RINGS, 2)
        areas = np.repeat(0.5 * math.sin(angles[1]) * radii**2 / RINGS, RINGS, axis=1)
        return cls(points.astype(np.float32), (areas * bounds.hold(points)).astype(np.float32))


class Overlaps(NamedTuple):
    """Pairs of outlines that overlap.

    Parameters
    ----------
    one, other
        (p,) index of each.
    common_px2
        (p,) area that belongs to both.
    one_px2, other_px2
        (n,) and (m,) areas of all outlines.
    """

    one: Ids
    other: Ids
    common_px2: Doubles
    one_px2: Doubles
    other_px2: Doubles

    @property
    def iou(self) -> Doubles:
        """(p,) intersection over union."""
        total = self.one_px2[self.one] + self.other_px2[self.other] - self.common_px2
        return np.asarray(self.common_px2 / np.maximum(total, 1e-9))


def overlaps(one: Stars, other: Stars, bounds: Bounds) -> Overlaps:
    """Find which outlines overlap within bounds, and how much; exact to about 1 % of an area.

    Parameters
    ----------
    one, other
        Outlines in the same image, for example found at two scales.
    bounds
        What lies outside does not count.
    """
    filling, others = Filling.of(one, bounds), Filling.of(other, bounds)
    areas = [np.asarray(each.areas_px2.sum(1), np.float64) for each in (filling, others)]
    i, j = _near(one, other)
    common = np.zeros(len(i))
    for start in range(0, len(i), PAIRS_AT_ONCE):
        part = slice(start, start + PAIRS_AT_ONCE)
        inside = within(filling.points[i[part]], other.only(j[part]))
        common[part] = (filling.areas_px2[i[part]] * inside).sum(1)
    seen = common > 0
    return Overlaps(i[seen], j[seen], common[seen], *areas)


def within(points: Floats, stars: Stars) -> npt.NDArray[np.bool_]:
    """Whether each of (n, m, 2) points lies within the outline of its row."""
    n_rays = stars.dist.shape[1]
    away = points - stars.points[:, None].astype(np.float32)
    turn = np.arctan2(away[..., 0], away[..., 1]) * np.float32(n_rays / (2 * math.pi))
    ray = np.floor(turn).astype(np.int64)
    share = turn - ray
    rows = np.arange(len(stars))[:, None]
    low, high = stars.dist[rows, ray % n_rays], stars.dist[rows, (ray + 1) % n_rays]
    return np.asarray(np.hypot(away[..., 0], away[..., 1]) < low + share * (high - low))


def _near(one: Stars, other: Stars) -> tuple[Ids, Ids]:
    """Pairs whose outlines may touch: sparse, by the distance of their centres."""
    from scipy.spatial import cKDTree

    if not len(one) or not len(other):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    reach, others = one.dist.max(1), other.dist.max(1)
    near = cKDTree(other.points).query_ball_point(one.points, reach + others.max())
    i = np.repeat(np.arange(len(one)), [len(some) for some in near])
    j = np.fromiter((index for some in near for index in some), np.int64, len(i))
    touch = np.linalg.norm(one.points[i] - other.points[j], axis=1) < reach[i] + others[j]
    return i[touch], j[touch]
