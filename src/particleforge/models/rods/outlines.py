"""Outlines of rods."""

from __future__ import annotations

import numpy as np

from particleforge.mask import Mask
from particleforge.models.detections import Floats, Ids, Labels, Outlines, Points, Polygons
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

    def paint(self, shape: tuple[int, int], scores: Floats) -> Labels:
        """(Y, X) labels; pixels whose centre lies inside are painted."""
        return self._polygons.paint(shape, scores)

    def mask(self, index: int, shape: tuple[int, int]) -> Mask:
        """Pixels of a rod as far as it lies in an image."""
        return self._polygons.mask(index, shape)

    def only(self, indices: Ids) -> Rods:
        """Return the rods at these indices, in this order."""
        return Rods(self.arcs.only(indices))

    def moved(self, rows: float, columns: float) -> Rods:
        """Return them moved down and to the right."""
        return Rods(self.arcs.moved(rows, columns))

    @property
    def areas_px2(self) -> Points:
        """(n,) areas."""
        arcs = self.arcs
        straight = np.maximum(arcs.lengths - 2 * arcs.half_widths, 0)
        return np.asarray(2 * arcs.half_widths * straight + np.pi * arcs.half_widths**2)

    @property
    def _polygons(self) -> Polygons:
        return Polygons(list(self.arcs.corners()))
