"""Power diagrams whose cells have wanted areas."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from particleforge.recipes.grains import kernels
from particleforge.recipes.grains.kernels import Floats, Ints, Net

TOWARDS_CENTROID = 0.9
"""Share of the way to the centroid of its cell that a site moves in each step (Lloyd)."""
DAMPING = 0.35
"""Change of the weight in parts of the lacking area; in a hexagonal net 0.58 would give this area at once."""
SETTLING = 10
"""Steps at the end in which only weights change."""
POINTS_PER_CELL = 48
MOST_POINTS = 150_000
"""Numbers of points of the raster that areas are counted on."""
AROUND = 3.0
"""Width of the repeated cells around the box, in mean diameters."""


@dataclass(frozen=True, eq=False)
class Tessellation:
    """A power diagram that repeats in a box, with the cells around it.

    Parameters
    ----------
    net
        Its sites and those around the box, in coordinates of the box.
    site
        (m,) which site of the box each of them repeats.
    box
        Height and width.
    """

    net: Net
    site: Ints
    box: tuple[float, float]

    @property
    def diameter(self) -> float:
        """Diameter of the circle of mean area."""
        return _diameter(self.box, int(self.site.max()) + 1)


def tessellate(areas: Floats, box: tuple[float, float], steps: int, rng: np.random.Generator) -> Tessellation:
    """Return a power diagram whose cells have given areas, as far as its relaxation reaches them.

    In every step each site moves towards the centroid of its cell (Lloyd), and its weight changes with the area that
    the cell lacks, a damped Newton step.

    Parameters
    ----------
    areas
        (n,) wanted areas; only their ratios count.
    box
        Height and width of the box in which the diagram repeats.
    steps
        Number of steps; 0: the cells of sites that lie at random (Poisson-Voronoi), whatever the areas.
    rng
        Chooses the first places.
    """
    wanted = areas * (box[0] * box[1] / areas.sum())
    sites, weights = rng.random((len(areas), 2)) * box, np.zeros(len(areas))
    for step in range(steps + SETTLING if steps else 0):
        present = _repeated(sites, weights, box)
        moments = _moments(present, len(areas))
        found = moments[:, 0] > 0
        if step < steps:
            centroids = moments[found, 1:] / moments[found, :1]
            sites[found] += TOWARDS_CENTROID * (centroids - sites[found])
            sites %= box
        weights += DAMPING * (wanted - moments[:, 0])
    return _repeated(sites, weights, box)


def _moments(present: Tessellation, count: int) -> Floats:
    """(n, 3) area of each cell and integrals of y and x over it, at the place of its own site."""
    height, width = present.box
    points = min(POINTS_PER_CELL * count, MOST_POINTS)
    step = math.sqrt(height * width / points)
    shape = (max(1, round(height / step)), max(1, round(width / step)))
    found = kernels.tally(present.net, shape, step)
    shift = present.net.sites - present.net.sites[np.arange(count)][present.site]
    found[:, 1:] -= found[:, :1] * shift
    out = np.zeros((count, 3))
    np.add.at(out, present.site, found)
    return np.asarray(out * (height * width / out[:, 0].sum()), float)


def _repeated(sites: Floats, weights: Floats, box: tuple[float, float]) -> Tessellation:
    """Put the sites in a box, then those around it, into a grid of cells."""
    margin = AROUND * _diameter(box, len(sites))
    turns = np.array([(0, 0), *((i, j) for i in _turns(margin, box[0]) for j in _turns(margin, box[1]) if i or j)])
    every = (sites[None] + turns[:, None] * np.array(box)).reshape(-1, 2)
    site = np.tile(np.arange(len(sites)), len(turns))
    near = ((every >= -margin) & (every <= np.array(box) + margin)).all(1)
    near[: len(sites)] = True
    every, site = every[near], site[near]
    return Tessellation(_net(every, weights[site], _diameter(box, len(sites)), margin, box), site, box)


def _turns(margin: float, side: float) -> range:
    """How often the box is to be repeated along one axis."""
    reach = math.ceil(margin / side)
    return range(-reach, reach + 1)


def _net(sites: Floats, weights: Floats, side: float, margin: float, box: tuple[float, float]) -> Net:
    rows, columns = (max(1, math.ceil((length + 2 * margin) / side)) for length in box)
    row = np.clip((sites[:, 0] + margin) // side, 0, rows - 1).astype(np.int64)
    column = np.clip((sites[:, 1] + margin) // side, 0, columns - 1).astype(np.int64)
    cell = row * columns + column
    ends = np.cumsum(np.bincount(cell, minlength=rows * columns)).reshape(rows, columns)
    first = np.concatenate([np.concatenate([[0], ends[:-1, -1]])[:, None], ends], axis=1)
    return Net(sites, weights, float(weights.max()), first, np.argsort(cell, kind="stable"), (-margin, -margin), side)


def _diameter(box: tuple[float, float], count: int) -> float:
    return math.sqrt(4 * box[0] * box[1] / (math.pi * count))
