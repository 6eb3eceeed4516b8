"""Caliper widths of convex hulls and the rectangle of smallest area around them."""

import math
from typing import TYPE_CHECKING

import numpy as np

from particleforge.measurement.arrays import Floats, Ints
from particleforge.measurement.column import Column
from particleforge.measurement.descriptors._hull import Hulls, first_of, moved_out, pairs

if TYPE_CHECKING:
    from particleforge.measurement.descriptor import Particles

COLUMNS = (
    Column(
        "feret_max",
        "length",
        "largest Feret diameter",
        "Largest caliper width of the convex hull of the pixel centres, expanded by half a lattice spacing: for a side "
        "along the lattice vector (p, q), with p and q coprime, the next lattice line is at the distance "
        "1/√(p² + q²), and the outline lies half-way. The width is measured between the corners moved in this way, by "
        "half a pixel at most.",
        size=True,
        place=50,
    ),
    Column(
        "feret_min",
        "length",
        "smallest Feret diameter",
        "Smallest caliper width of that hull.",
        size=True,
        place=51,
    ),
    Column(
        "feret_mean",
        "length",
        "mean Feret diameter",
        "Mean caliper width over all directions: perimeter of that hull over π.",
        size=True,
        place=52,
    ),
    Column("feret_90", "length", "Feret diameter at 90°", "Caliper width perpendicular to the largest one.", place=53),
    Column(
        "rectangle_length",
        "length",
        "length of the bounding rectangle",
        "Longer side of the rectangle of smallest area around that hull.",
        place=54,
    ),
    Column("rectangle_width", "length", "width of the bounding rectangle", "Shorter side of that rectangle.", place=55),
)


def compute(particles: "Particles") -> dict[str, Floats]:
    """Widths of every hull along and across each of its sides."""
    hull = particles.hulls
    n = len(hull.start)
    x, y = moved_out(hull)
    along_x, along_y = (_spread(values, hull) + 1.0 for values in (hull.x, hull.y))
    dx, dy = x[hull.following] - x, y[hull.following] - y
    reach, thickness, length = _widths(hull, x, y)
    largest_upright, smallest_upright = np.maximum(along_x, along_y), np.minimum(along_x, along_y)
    largest, smallest = largest_upright.copy(), smallest_upright.copy()
    np.maximum.at(largest, hull.owner, reach)
    np.minimum.at(smallest, hull.owner, thickness)
    side = first_of(_area(thickness, length), hull)
    upright = _area(smallest_upright, largest_upright) <= _area(thickness, length)[side]
    sides = np.where(upright, [along_x, along_y], [thickness[side], length[side]])
    solid = hull.count > 2
    around = np.where(solid, np.bincount(hull.owner, np.hypot(dx, dy), n), 2 * sides.sum(axis=0))
    return {
        "feret_max_px": largest,
        "feret_min_px": smallest,
        "feret_mean_px": around / math.pi,
        "feret_90_px": np.where(solid, _across(hull, x, y, reach), smallest),
        "rectangle_length_px": sides.max(axis=0, initial=0),
        "rectangle_width_px": sides.min(axis=0, initial=math.inf),
    }


def _area(one: Floats, other: Floats) -> Floats:
    """Area of rectangles; among equal ones, that of the most slender is made slightly smaller."""
    real = np.isfinite(one)
    slender = np.minimum(one, other) / np.where(real, np.maximum(one, other), 1)
    return np.where(real, one * other * (1 + 1e-9 * slender), math.inf)


def _spread(values: Floats | Ints, hull: Hulls) -> Floats:
    """(n,) range of `values` over the corners of each hull."""
    if not len(hull.start):
        return np.zeros(0)
    return np.asarray(np.maximum.reduceat(values, hull.start) - np.minimum.reduceat(values, hull.start), float)


def _widths(hull: Hulls, x: Floats, y: Floats) -> tuple[Floats, Floats, Floats]:
    """(V,) each: largest distance from a corner, and width across and length along the side that follows it.

    Width and length are infinite for the only corner of a single pixel, which has no side.
    """
    dx, dy = hull.x[hull.following] - hull.x, hull.y[hull.following] - hull.y
    side = np.hypot(dx, dy)
    real = side > 0
    ux, uy = (np.divide(d, side, where=real, out=np.zeros(len(side))) for d in (dx, dy))
    gap = np.gcd(dx, dy) / np.where(real, side, 1)
    reach, across, along = (np.zeros(len(side)) for _ in range(3))
    for corners, here, other, head in pairs(hull):
        reach[corners] = np.maximum.reduceat(np.hypot(x[other] - x[here], y[other] - y[here]), head)
        behind = np.abs(dx[here] * (hull.y[other] - hull.y[here]) - dy[here] * (hull.x[other] - hull.x[here]))
        across[corners] = np.maximum.reduceat(behind, head)
        ahead = ux[here] * x[other] + uy[here] * y[other]
        along[corners] = np.maximum.reduceat(ahead, head) - np.minimum.reduceat(ahead, head)
        centres = ux[here] * hull.x[other] + uy[here] * hull.y[other]
        spread = np.maximum.reduceat(centres, head) - np.minimum.reduceat(centres, head)
        along[corners] = np.maximum(along[corners], spread + gap[corners])
    across = np.where(real, across / np.where(real, side, 1) + gap, math.inf)
    return reach, across, np.where(real, along, math.inf)


def _across(hull: Hulls, x: Floats, y: Floats, reach: Floats) -> Floats:
    """(n,) caliper width perpendicular to the largest distance between two corners."""
    one = first_of(-reach, hull)
    start = one[hull.owner]
    other = first_of(-np.hypot(x - x[start], y - y[start]), hull)
    dx, dy = x[other] - x[one], y[other] - y[one]
    length = np.hypot(dx, dy)
    sideways = (dx[hull.owner] * y - dy[hull.owner] * x) / np.where(length > 0, length, 1)[hull.owner]
    return _spread(sideways, hull)
