"""The aggregate that a particle belongs to."""

from typing import TYPE_CHECKING

import numpy as np

from particleforge.measurement.aggregation.contacts import components, contacts
from particleforge.measurement.arrays import Ints
from particleforge.measurement.column import Column
from particleforge.measurement.gap import gap_px

if TYPE_CHECKING:
    from particleforge.measurement.descriptor import Particles

COLUMNS = (
    Column(
        "aggregate",
        "count",
        "aggregate",
        "Number of the aggregate it belongs to, in its image: particles that touch directly or through others, with at "
        "most the gap of the rules in between. 0 for a single particle, and for one outside the size limits.",
        heading="Aggregate",
        place=300,
    ),
    Column(
        "aggregate_particles",
        "count",
        "particles in its aggregate",
        "Number of particles in its aggregate, itself included; 1 for a single particle.",
        heading="Members",
        place=301,
    ),
    Column("contacts", "count", "contacts", "Number of particles that it touches (coordination number).", place=302),
)
PIXEL_RULES = ("gap", "smallest_px", "largest_px")
TOGETHER = True


def compute(particles: "Particles") -> dict[str, Ints]:
    """From contacts; aggregates are numbered in the order of their first pixels, row by row."""
    pairs = contacts(particles.runs, gap_px(particles.rules.gap, particles.pixel_size_nm))
    return aggregated(pairs, particles.rules.within(particles), particles.runs.which)


def aggregated(pairs: Ints, within: "np.ndarray[tuple[int], np.dtype[np.bool_]]", order: Ints) -> dict[str, Ints]:
    """(n,) values of the columns for particles that touch.

    Parameters
    ----------
    pairs
        (k, 2) particles that touch.
    within
        (n,) whether each is within the limits of size.
    order
        Particles in the order in which their aggregates are numbered; they may occur several times.
    """
    n, pairs = len(within), pairs[within[pairs].all(axis=1)]
    which = components(n, pairs)
    size = np.bincount(which, minlength=n)
    return {
        "aggregate": _numbered(which, size > 1, order),
        "aggregate_particles": size[which],
        "contacts": np.bincount(pairs.reshape(-1), minlength=n),
    }


def _numbered(which: Ints, chosen: "np.ndarray[tuple[int], np.dtype[np.bool_]]", order: Ints) -> Ints:
    """(n,) numbers from 1 of the components `chosen`, as `order` meets their members; 0 for members of others."""
    met, at = np.unique(which[order], return_index=True)
    met = met[np.argsort(at)]
    met = met[chosen[met]]
    numbers = np.zeros(len(chosen), np.int64)
    numbers[met] = np.arange(1, len(met) + 1)
    return numbers[which]
