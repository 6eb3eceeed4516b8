"""Perimeter, and the length along a fibre that follows from perimeter and area."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from particleforge.measurement.descriptors.runs import Floats


def perimeter(labels: npt.NDArray[Any], ids: npt.NDArray[Any]) -> Floats:
    """Crofton perimeter: pixels whose neighbour behind, in each of four directions, is of another particle."""
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
    return math.pi / 4 * total


def fibre_length(area: Floats, outline: Floats) -> Floats:
    r"""Length of the rod with half-circle ends, straight or bent, that has this area and perimeter.

    With width w and centre line s: :math:`P = 2s + \pi w` and :math:`A = sw + \pi w^2/4`, also where the rod is bent.
    """
    width = (outline - np.sqrt(np.maximum(outline**2 - 4 * math.pi * area, 0))) / math.pi
    return np.asarray((outline - math.pi * width) / 2 + width, float)
