"""Outline of one particle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class Outline:
    """Closed outline of a particle, including the part that other particles cover.

    Parameters
    ----------
    label
        Its id in the labels of the sample; the id of a fully covered particle does not occur there.
    points_px
        (N, 2) corners (y, x) in px, with the centre of the first pixel at (0, 0). They may lie outside the image.
    visible_fraction
        Fraction of its area that is visible, from 0 to 1.
    """

    label: int
    points_px: npt.NDArray[np.float64]
    visible_fraction: float = 1.0

    def __post_init__(self) -> None:
        points = np.array(self.points_px, np.float64)
        if points.ndim != 2 or points.shape[1] != 2 or len(points) < 3 or not np.isfinite(points).all():
            raise ValueError(f"an outline needs (N, 2) finite points, at least 3; these have the shape {points.shape}")
        if not 0 <= self.visible_fraction <= 1:
            raise ValueError(f"the visible fraction is {self.visible_fraction}; it must be between 0 and 1")
        points.flags.writeable = False
        object.__setattr__(self, "label", int(self.label))
        object.__setattr__(self, "points_px", points)
        object.__setattr__(self, "visible_fraction", float(self.visible_fraction))
