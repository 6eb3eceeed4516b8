"""The largest circle inside a particle."""

from typing import TYPE_CHECKING

import numpy as np

from particleforge.measurement.arrays import Floats
from particleforge.measurement.column import Column

if TYPE_CHECKING:
    from particleforge.measurement.descriptor import Particles

COLUMNS = (
    Column(
        "inscribed",
        "length",
        "inscribed circle",
        "Diameter of the largest circle inside: twice the largest distance of a pixel to the nearest one outside, but "
        "at most the smallest Feret diameter.",
        place=70,
    ),
)


def compute(particles: "Particles") -> dict[str, Floats]:
    """Twice the largest distance from a pixel to the nearest one outside."""
    from scipy.ndimage import distance_transform_edt

    runs = particles.runs
    found = np.zeros(len(runs.ids))
    for number, (top, bottom, left, right) in enumerate(zip(*(edge.tolist() for edge in runs.boxes()), strict=True)):
        inside = np.zeros((bottom - top + 3, right - left + 3), np.bool_)
        own = particles.labels[top : bottom + 1, left : right + 1]
        np.equal(own, runs.ids[number], out=inside[1:-1, 1:-1])
        found[number] = 2 * distance_transform_edt(inside).max()
    return {"inscribed_px": np.minimum(found, particles["feret_min_px"])}
