"""Points of the network's grid that lie on rods, with what they describe."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from particleforge.models.rods.geometry import Doubles
from particleforge.models.rods.targets import rods_at


class Cells(NamedTuple):
    """Points of the grid by falling centrality; all lengths in pixels of the network's input.

    Parameters
    ----------
    points
        (n, 2) their places, y and x.
    prob
        (n,) centrality.
    on_axis
        (n, 2) places on the middle line of a rod next to them.
    middles, half_lengths, half_widths, directions
        The rod that each of them describes: (n, 2) its middle, (n,) half its length and width, and (n, 2) a unit
        vector along it.
    """

    points: Doubles
    prob: Doubles
    on_axis: Doubles
    middles: Doubles
    half_lengths: Doubles
    half_widths: Doubles
    directions: Doubles

    @classmethod
    def of(cls, prob: npt.NDArray[np.floating], rod: npt.NDArray[np.floating], points: Doubles) -> Cells:
        """Sort points by their centrality.

        Parameters
        ----------
        prob
            (n,) centrality.
        rod
            (n, channels) geometry; see `targets`.
        points
            (n, 2) y and x.
        """
        order = np.argsort(-prob, kind="stable")
        points, geometry = points[order].astype(float), rod[order].astype(float)
        rods = rods_at(points, geometry)
        described = rods.middles, rods.half_lengths, rods.half_widths, rods.along
        return cls(points, prob[order].astype(float), points + geometry[:, 8:10], *described)
