"""Compiled inner loops: power diagrams and the boundaries in them."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from particleforge.compiled import compiled

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
BLOCK = 8
"""Side of the blocks of points that share a search for sites."""
NEAREST = 5
"""Number of nearest sites among which the nearest boundaries of a point are searched."""


class Net(NamedTuple):
    """Sites in a grid of square cells, in which the nearest ones are found fast.

    Parameters
    ----------
    sites
        (n, 2) y and x.
    weights
        (n,) the power distance of a site is the squared distance minus its weight.
    heaviest
        The largest weight.
    first, order
        The sites in cell (i, j) are ``order[first[i, j]:first[i, j + 1]]``; `first` has a column more than the grid.
    corner
        y and x of the first corner of cell (0, 0).
    side
        Side of a cell.
    """

    sites: Floats
    weights: Floats
    heaviest: float
    first: Ints
    order: Ints
    corner: tuple[float, float]
    side: float


class Bends(NamedTuple):
    """Cubic curves in place of the straight edges between cells.

    Parameters
    ----------
    first, other
        The edges of site i are ``first[i]:first[i + 1]``, with the site on their other side.
    start, end
        (e, 2) corners between which an edge runs.
    control
        (e, 2) how far the control points at 1/3 and 2/3 of its length are moved towards the site.
    """

    first: Ints
    other: Ints
    start: Floats
    end: Floats
    control: Floats


@compiled()
def shortlist(net: Net, y: float, x: float, reach: float, chosen: Ints, least: Floats) -> int:
    """Collect the sites that may be among the `NEAREST` of any point at most `reach` from (y, x).

    Parameters
    ----------
    net
        The sites.
    y, x, reach
        A circle.
    chosen, least
        (n,) the sites, and lower bounds of their power distances; written to.

    Returns
    -------
    int
        Their number.
    """
    rows, columns, side = net.first.shape[0], net.first.shape[1] - 1, net.side
    v, u = y - net.corner[0], x - net.corner[1]
    row, column = min(max(int(v / side), 0), rows - 1), min(max(int(u / side), 0), columns - 1)
    inside = min(v - row * side, (row + 1) * side - v, u - column * side, (column + 1) * side - u)
    bounds = np.full(NEAREST, np.inf)  # the smallest upper bounds
    count = 0
    for ring in range(max(rows, columns)):
        free = max((ring - 1) * side + inside - reach, 0.0) if ring > 0 else 0.0
        if free * free - net.heaviest > bounds[-1]:
            break
        for i in range(max(row - ring, 0), min(row + ring, rows - 1) + 1):
            step = 1 if ring == 0 or i == row - ring or i == row + ring else 2 * ring
            for j in range(column - ring, column + ring + 1, step):
                if 0 <= j < columns:
                    for k in range(net.first[i, j], net.first[i, j + 1]):
                        site = net.order[k]
                        away = np.sqrt((net.sites[site, 0] - y) ** 2 + (net.sites[site, 1] - x) ** 2)
                        chosen[count], least[count] = site, max(away - reach, 0.0) ** 2 - net.weights[site]
                        count += 1
                        most = (away + reach) ** 2 - net.weights[site]
                        for place in range(NEAREST):
                            if most < bounds[place]:
                                bounds[place], most = most, bounds[place]
    kept = 0
    for k in range(count):
        if least[k] <= bounds[-1]:
            chosen[kept] = chosen[k]
            kept += 1
    return kept


@compiled()
def find_edges(
    net: Net, chosen: Ints, count: int, y: float, x: float, jacobian: Floats, found: Ints, power: Floats
) -> None:
    """Write the cell of a point and the two cells beyond the nearest straight edges, with their power distances."""
    power[0] = np.inf
    for k in range(count):
        site = chosen[k]
        away = (net.sites[site, 0] - y) ** 2 + (net.sites[site, 1] - x) ** 2 - net.weights[site]
        if away < power[0]:
            power[0], found[0] = away, site
    nearest, next_ = np.inf, np.inf
    own_y, own_x = net.sites[found[0], 0], net.sites[found[0], 1]
    for k in range(count):
        site = chosen[k]
        if site != found[0]:
            away = (net.sites[site, 0] - y) ** 2 + (net.sites[site, 1] - x) ** 2 - net.weights[site]
            lead, ny, nx = away - power[0], net.sites[site, 0] - own_y, net.sites[site, 1] - own_x
            down, right = ny * jacobian[0, 0] + nx * jacobian[1, 0], ny * jacobian[0, 1] + nx * jacobian[1, 1]
            squared = lead * lead / (down * down + right * right)
            if squared < nearest:
                next_, power[2], found[2] = nearest, power[1], found[1]
                nearest, power[1], found[1] = squared, away, site
            elif squared < next_:
                next_, power[2], found[2] = squared, away, site


@compiled()
def tally(net: Net, shape: tuple[int, int], step: float) -> Floats:
    """(n, 3) area of each cell in a rectangle and the integrals of y and x over it, from points `step` apart."""
    out = np.zeros((len(net.sites), 3))
    chosen, least = np.empty(len(net.sites), np.int64), np.empty(len(net.sites))
    for top in range(0, shape[0], BLOCK):
        for left in range(0, shape[1], BLOCK):
            middle = (top + BLOCK / 2) * step, (left + BLOCK / 2) * step
            count = shortlist(net, middle[0], middle[1], BLOCK / np.sqrt(2) * step, chosen, least)
            for i in range(top, min(top + BLOCK, shape[0])):
                for j in range(left, min(left + BLOCK, shape[1])):
                    y, x = (i + 0.5) * step, (j + 0.5) * step
                    best, nearest = np.inf, 0
                    for k in range(count):
                        site = chosen[k]
                        away = (net.sites[site, 0] - y) ** 2 + (net.sites[site, 1] - x) ** 2 - net.weights[site]
                        if away < best:
                            best, nearest = away, site
                    out[nearest, 0] += 1
                    out[nearest, 1] += y
                    out[nearest, 2] += x
    return out * step * step


@compiled()
def draw_cells(
    net: Net,
    bends: Bends,
    places: tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]],
    cells: tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]],
    distances: tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]],
) -> None:
    """Find the cell of each pixel and its distance to the nearest boundaries.

    Parameters
    ----------
    net, bends
        The cells; bends without edges leave them straight.
    places
        (Y, X) y and x of each pixel in the diagram.
    cells
        (Y, X) the cell, and the cell beyond the nearest boundary; written to.
    distances
        (Y, X) distances in pixels to the nearest boundary and to the next; written to.
    """
    found, power, jacobian = np.zeros(3, np.int64), np.empty(3), np.empty((2, 2))
    chosen, least = np.empty(len(net.sites), np.int64), np.empty(len(net.sites))
    height, width = cells[0].shape
    for top in range(0, height, BLOCK):
        for left in range(0, width, BLOCK):
            ys, xs = (
                places[0][top : top + BLOCK, left : left + BLOCK],
                places[1][top : top + BLOCK, left : left + BLOCK],
            )
            low_y, high_y, low_x, high_x = ys.min(), ys.max(), xs.min(), xs.max()
            reach = np.hypot(high_y - low_y, high_x - low_x) / 2
            count = shortlist(net, (low_y + high_y) / 2, (low_x + high_x) / 2, reach, chosen, least)
            for i in range(top, min(top + BLOCK, height)):
                for j in range(left, min(left + BLOCK, width)):
                    y, x = places[0][i, j], places[1][i, j]
                    up, before = max(i - 1, 0), max(j - 1, 0)
                    for axis in range(2):
                        jacobian[axis, 0] = places[axis][up + 1, j] - places[axis][up, j]
                        jacobian[axis, 1] = places[axis][i, before + 1] - places[axis][i, before]
                    find_edges(net, chosen, count, y, x, jacobian, found, power)
                    own, beyond, away, further = _settle(net, bends, found, power, y, x, jacobian)
                    cells[0][i, j], cells[1][i, j] = own, beyond
                    distances[0][i, j], distances[1][i, j] = away, further


@compiled()
def _settle(
    net: Net, bends: Bends, found: Ints, power: Floats, y: float, x: float, jacobian: Floats
) -> tuple[int, int, float, float]:
    """Cell of a point, cell beyond the nearest boundary, and distances to this boundary and to the next."""
    own, second, third = found[0], found[1], found[2]
    away = _to_edge(net, bends, own, second, power[1] - power[0], y, x, jacobian)
    further = _to_edge(net, bends, own, third, power[2] - power[0], y, x, jacobian)
    if away < 0 and away <= further:  # the curve bulges out beyond the point
        own, second, away = second, own, -away
        further = abs(_to_edge(net, bends, own, third, power[2] - power[1], y, x, jacobian))
    elif further < 0:
        own, second, third, away = third, own, second, -further
        further = abs(_to_edge(net, bends, own, third, power[1] - power[2], y, x, jacobian))
    if further < away:
        return own, third, further, away
    return own, second, away, further


@compiled()
def _to_edge(net: Net, bends: Bends, own: int, other: int, lead: float, y: float, x: float, jacobian: Floats) -> float:
    """Distance in pixels to the edge between two cells, of which the first leads by a difference of power distances.

    It is positive on the side of the first.
    """
    ny, nx = net.sites[own, 0] - net.sites[other, 0], net.sites[own, 1] - net.sites[other, 1]
    apart = np.sqrt(ny * ny + nx * nx)
    away, ny, nx = lead / (2 * apart), ny / apart, nx / apart
    down, right = ny * jacobian[0, 0] + nx * jacobian[1, 0], ny * jacobian[0, 1] + nx * jacobian[1, 1]
    per_px = np.sqrt(down * down + right * right)
    if len(bends.first) == 1:
        return float(away / per_px)
    for edge in range(bends.first[own], bends.first[own + 1]):
        if bends.other[edge] == other:
            dy, dx = bends.end[edge, 0] - bends.start[edge, 0], bends.end[edge, 1] - bends.start[edge, 1]
            squared = dy * dy + dx * dx
            t = ((y - bends.start[edge, 0]) * dy + (x - bends.start[edge, 1]) * dx) / squared
            t = min(max(t, 0.0), 1.0)
            one, two = bends.control[edge, 0], bends.control[edge, 1]
            rise = 3 * t * (1 - t) * ((1 - t) * one + t * two)
            slope = 3 * ((1 - t) * (1 - 3 * t) * one + t * (2 - 3 * t) * two) / np.sqrt(squared)
            return float((away - rise) / (per_px * np.sqrt(1 + slope * slope)))
    return float(away / per_px)
