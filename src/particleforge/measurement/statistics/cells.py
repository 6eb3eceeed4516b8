"""Resamples of very many particles: random groups of them are drawn, and sizes are kept as cells of ln d."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from particleforge.measurement.arrays import Floats, Ints
from particleforge.measurement.statistics.drawn import Drawn
from particleforge.seeds import stream

MANY = 20_000
"""More particles than these are put together, for drawing each takes too long."""
GROUPS, CELLS = 4000, 2000


def in_groups(units: Ints) -> Ints:
    """(n,) group of each particle: its unit, or if there are more than `MANY` units, one of `GROUPS` random groups.

    Each group has the same number of whole units. What sums of a unit vary by, sums of random groups do as well, so
    that drawing groups with replacement gives the same intervals as drawing units.

    Parameters
    ----------
    units
        (n,) number of the unit of each particle.
    """
    ids, which = np.unique(units, return_inverse=True)
    return which if len(ids) <= MANY else random_groups(len(ids))[which]


def random_groups(count: int) -> Ints:
    """(count,) group of each of very many units; see `in_groups`."""
    groups = np.arange(count) % GROUPS
    stream(0, "groups").shuffle(groups)
    return groups


@dataclass(frozen=True, eq=False)
class InCells(Drawn):
    """B resamples of very many sizes, of which only the cells are known.

    In `values` each cell is represented by the mean of its sizes; `times` is how much of it is drawn, 1 in the sample
    itself.

    Parameters
    ----------
    edges
        (n + 1,) limits of the cells.
    """

    edges: Floats

    def _squares(self, shares: Floats) -> Floats:
        """Nothing: n stands for n - 1."""
        return np.zeros((len(self.times), len(shares)))

    def _percentiles(self, share: Floats, at: Floats) -> Floats:
        """(B, m) percentiles; the sizes of a cell are spread evenly over it."""
        rows, own = np.arange(len(self.times))[:, None], self.times * share
        below = np.cumsum(own, axis=1)
        wanted = below[:, -1:] * at
        held = np.stack([np.count_nonzero(below < one[:, None], axis=1) for one in wanted.T], axis=1)
        held = np.minimum(held, len(share) - 1)
        part = 1 - (below[rows, held] - wanted) / own[rows, held]
        return np.asarray(self.edges[held] + part * (self.edges[held + 1] - self.edges[held]), float)


@dataclass(frozen=True, eq=False)
class Cells:
    """Cells of sizes in ascending order.

    Parameters
    ----------
    values
        (c,) mean of the sizes of each.
    edges
        (c + 1,) their limits, halfway between the sizes of neighbours.
    which
        (n,) cell of each size.
    """

    values: Floats
    edges: Floats
    which: Ints

    @classmethod
    def of(cls, values: Floats, limits: Floats) -> "Cells":
        """Divide the range of ln d of (n,) sizes in ascending order; cells without sizes are left out.

        Parameters
        ----------
        values
            The sizes.
        limits
            Sizes that no cell lies across.
        """
        even = np.geomspace(values[0], values[-1], CELLS + 1)[1:-1]
        first = np.unique(np.concatenate([[0], np.searchsorted(values, np.concatenate([even, limits]))]))
        first = first[first < len(values)]
        count = np.diff(first, append=len(values))
        inner = (values[first[1:] - 1] + values[first[1:]]) / 2
        edges = np.concatenate([values[:1], inner, values[-1:]])
        return cls(np.add.reduceat(values, first) / count, edges, np.repeat(np.arange(len(first)), count))

    def drawn(self, shares: Floats, groups: Ints, times: Iterator[Floats]) -> Iterator[tuple[InCells, Floats]]:
        """Resamples, some at a time, with how much each cell counts.

        Parameters
        ----------
        shares
            (n,) how much each size counts.
        groups
            (n,) group of each.
        times
            (B, g) how often each of the g groups is drawn, for some of the resamples at a time.
        """
        cells, count = len(self.values), int(groups.max()) + 1
        held = np.bincount(groups * cells + self.which, shares, count * cells).reshape(count, cells)
        total = held.sum(axis=0)
        for drawn in times:
            yield InCells(self.values, drawn @ held / total, self.edges), total
