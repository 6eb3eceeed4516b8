"""Perimeter by Crofton's formula."""

import math
from typing import TYPE_CHECKING

import numpy as np

from particleforge.measurement.arrays import Floats
from particleforge.measurement.column import Column

if TYPE_CHECKING:
    from particleforge.measurement.descriptor import Particles

COLUMNS = (
    Column(
        "perimeter",
        "length",
        "perimeter",
        "P by Crofton's formula in four directions, where n is the number of chords of the particle along all pixel "
        "lines of a direction. Unbiased over random orientations; a straight side along the pixel grid is 5 % too "
        "short. Includes the outlines of holes.",
        r"\frac{\pi}{4}\left(n_0 + n_{90} + (n_{45} + n_{135})/\sqrt{2}\right)",
        place=40,
    ),
)


def compute(particles: "Particles") -> dict[str, Floats]:
    """Count pixels whose preceding neighbour, in each of four directions, belongs to another particle."""
    labels, ids = particles.labels, particles.ids
    total = np.zeros(len(ids))
    diagonal = 1 / math.sqrt(2)
    flipped = labels[:, ::-1]
    for view, rows, columns, weight in (
        (labels, 0, 1, 1.0),
        (labels, 1, 0, 1.0),
        (labels, 1, 1, diagonal),
        (flipped, 1, 1, diagonal),
    ):
        enters = np.ones(view.shape, np.bool_)
        height, width = view.shape
        np.not_equal(view[rows:, columns:], view[: height - rows, : width - columns], out=enters[rows:, columns:])
        entered = view[enters]
        total += weight * np.bincount(np.searchsorted(ids, entered[entered != 0]), minlength=len(ids))
    return {"perimeter_px": math.pi / 4 * total}
