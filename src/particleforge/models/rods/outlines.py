"""Outlines of rods."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import numpy.typing as npt

from particleforge.compiled import compiled
from particleforge.mask import Mask
from particleforge.models.detections import Floats, Ids, Labels, Outlines, Points, Window
from particleforge.models.rods.geometry import RodArcs


class Rods(Outlines):
    """Whole rods, including what others hide.

    Parameters
    ----------
    arcs
        Middle lines and half widths, in pixels.
    """

    whole = True

    def __init__(self, arcs: RodArcs) -> None:
        self.arcs = arcs

    def __len__(self) -> int:
        return len(self.arcs)

    def paint(self, shape: tuple[int, int], scores: Floats, window: Window | None = None) -> Labels:
        """(Y, X) labels; pixels whose centre lies inside are painted."""
        rows, columns = window or (slice(0, shape[0]), slice(0, shape[1]))
        labels = np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.uint32)
        corners = self.arcs.moved(-rows.start, -columns.start).corners()
        for index in np.argsort(scores, kind="stable").tolist():
            fill(labels, corners[index], index + 1)
        return labels

    def mask(self, index: int, shape: tuple[int, int]) -> Mask:
        """Pixels of a rod as far as it lies in an image."""
        (corners,) = self.arcs.only(np.array([index])).corners()
        low = np.clip(np.floor(corners.min(0)), 0, shape).astype(int)
        high = np.clip(np.ceil(corners.max(0)) + 1, low, shape).astype(int)
        pixels = np.zeros(high - low, np.uint32)
        fill(pixels, corners - low, 1)
        return Mask.of(pixels > 0, int(low[0]), int(low[1]))

    def only(self, indices: Ids) -> Rods:
        """Return the rods at these indices, in this order."""
        return Rods(self.arcs.only(indices))

    def moved(self, rows: float, columns: float) -> Rods:
        """Return them moved down and to the right."""
        return Rods(self.arcs.moved(rows, columns))

    def boxes(self) -> Points:
        """(n, 4) first row, last row, first column and last column that each reaches, in pixels."""
        corners = np.asarray(self.arcs.corners()).reshape(len(self), -1, 2)
        low, high = corners.min(1, initial=np.inf), corners.max(1, initial=-np.inf)
        return np.stack([low[:, 0], high[:, 0], low[:, 1], high[:, 1]], axis=1)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Arrays of the arcs, by their names."""
        return {field.name: getattr(self.arcs, field.name) for field in fields(self.arcs)}

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Rods:
        """Make them from what `arrays` gives."""
        return cls(RodArcs(**{field.name: arrays[field.name] for field in fields(RodArcs)}))

    @classmethod
    def joined(cls, parts: Sequence[Rods]) -> Rods:
        """Put several together, in their order."""
        each = [part.arrays() for part in parts]
        return cls.of_arrays({name: np.concatenate([arrays[name] for arrays in each]) for name in each[0]})

    @property
    def areas_px2(self) -> Points:
        """(n,) areas."""
        arcs = self.arcs
        straight = np.maximum(arcs.lengths - 2 * arcs.half_widths, 0)
        return np.asarray(2 * arcs.half_widths * straight + np.pi * arcs.half_widths**2)


@compiled()
def fill(labels: Labels, corners: Points, label: int) -> None:
    """Write a label where the centre of a pixel lies in a polygon.

    Parameters
    ----------
    labels
        (Y, X); changed.
    corners
        (k, 2) y and x.
    label
        What is written.
    """
    height, width = labels.shape
    crossings = np.empty(len(corners))
    for row in range(max(0, math.ceil(corners[:, 0].min())), min(height, math.floor(corners[:, 0].max()) + 1)):
        count = 0
        for k in range(len(corners)):
            (y1, x1), (y2, x2) = (corners[k - 1, 0], corners[k - 1, 1]), (corners[k, 0], corners[k, 1])
            if (y1 <= row) != (y2 <= row):
                at, crossing = count, x1 + (row - y1) / (y2 - y1) * (x2 - x1)
                while at > 0 and crossings[at - 1] > crossing:  # they stay sorted; there are few
                    crossings[at] = crossings[at - 1]
                    at -= 1
                crossings[at] = crossing
                count += 1
        for k in range(0, count, 2):
            for column in range(max(0, math.ceil(crossings[k])), min(width, math.floor(crossings[k + 1]) + 1)):
                labels[row, column] = label
