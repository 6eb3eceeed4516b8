"""Outline of one particle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class Outline:
    """Closed outline of a particle, also of the part of it that others cover.

    Parameters
    ----------
    label
        Its id in the labels of the sample; one that is covered as a whole has an id that is not painted there.
    points_px
        (N, 2) corners (y, x) in px, the middle of the first pixel at (0, 0). They may lie outside of the image.
    visible_fraction
        Share of its area that is seen, from 0 to 1.
    """

    label: int
    points_px: npt.NDArray[np.float64]
    visible_fraction: float = 1.0

    def __post_init__(self) -> None:
        points = np.array(self.points_px, np.float64)
        if points.ndim != 2 or points.shape[1] != 2 or len(points) < 3 or not np.isfinite(points).all():
            raise ValueError(f"an outline has (N, 2) finite points, 3 at least; these have the shape {points.shape}")
        if not 0 <= self.visible_fraction <= 1:
            raise ValueError(f"the visible fraction is {self.visible_fraction}; it goes from 0 to 1")
        points.flags.writeable = False
        object.__setattr__(self, "label", int(self.label))
        object.__setattr__(self, "points_px", points)
        object.__setattr__(self, "visible_fraction", float(self.visible_fraction))
