"""Grains per area (Jeffries)."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from particleforge.measurement.arrays import Floats, Ints
from particleforge.measurement.grain_size.parts import part_numbers, sums


@dataclass(frozen=True)
class Planimetric:
    """Grains counted in a field.

    Parameters
    ----------
    inside, cut, corners
        Number of grains that the frame does not cut, that it cuts along one side, and along two or more.
    parts
        (k, 2) number of grains and area in px² of parts of the field.
    """

    inside: int
    cut: int
    corners: int
    parts: Floats

    @property
    def grains(self) -> float:
        """Number of grains: those inside, half of those cut, a quarter of those at corners."""
        return self.inside + self.cut / 2 + self.corners / 4


def count_grains(labels: npt.NDArray[np.integer]) -> Planimetric:
    """Count the grains of a field, a rectangle.

    Parts of the field share the count of a grain in proportion to their shares of its area.

    Parameters
    ----------
    labels
        (Y, X) numbers of grains; 0 = boundaries between them.
    """
    areas = np.bincount(labels.ravel())
    areas[0] = 0
    sides: Ints = np.zeros(len(areas), np.int64)
    for side in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        sides[np.unique(side)] += 1
    there = areas > 0
    weights = np.where(there, np.choose(np.minimum(sides, 2), [1.0, 0.5, 0.25]), 0.0)
    rows, columns = part_numbers((labels.shape[0], labels.shape[1]), float(weights.sum()))
    numbers = rows[:, None] + columns
    count = int(numbers[-1, -1]) + 1
    density = (weights / np.maximum(areas, 1))[labels]
    parts = np.column_stack([sums(numbers, density, count), sums(numbers, None, count)])
    found = [int((there & (np.minimum(sides, 2) == cut)).sum()) for cut in range(3)]
    return Planimetric(found[0], found[1], found[2], parts)
