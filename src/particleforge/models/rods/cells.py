"""Points of the network's grid that lie on rods, with what they describe."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from particleforge.models.rods.geometry import Doubles, RodArcs
from particleforge.models.rods.targets import rods_at

Ids = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Cells:
    """Points of the grid by falling centrality; all lengths in pixels of the network's input.

    Parameters
    ----------
    points
        (n, 2) their places, y and x.
    prob
        (n,) centrality.
    on_axis
        (n, 2) places on the middle line of a rod next to them.
    rods
        The rod that each of them describes.
    directions
        (n, 2) unit vectors along these.
    """

    points: Doubles
    prob: Doubles
    on_axis: Doubles
    rods: RodArcs
    directions: Doubles = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "directions", self.rods.along)

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
        return cls(points, prob[order].astype(float), points + geometry[:, 8:10], rods_at(points, geometry))

    def __len__(self) -> int:
        return len(self.prob)

    def only(self, indices: Ids) -> Cells:
        """Return the points at these indices, in this order."""
        return Cells(self.points[indices], self.prob[indices], self.on_axis[indices], self.rods.only(indices))
