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


def outline_of(mask: npt.NDArray[np.bool_], corner: tuple[int, int] = (0, 0)) -> npt.NDArray[np.float64]:
    """Outline of the largest piece of a mask, half-way to the next pixel; holes are filled.

    Parameters
    ----------
    mask
        (Y, X) pixels of one particle.
    corner
        Row and column of the first pixel of the mask in the image.

    Returns
    -------
    (N, 2) float64
        Corners (y, x) in px.

    Raises
    ------
    ValueError
        If the mask is empty.
    """
    from skimage.measure import find_contours

    lines = find_contours(np.pad(mask, 1).astype(np.uint8), 0.5, fully_connected="high")  # type: ignore[no-untyped-call]
    if not lines:
        raise ValueError("a mask without pixels has no outline")
    largest = max(lines, key=_area)
    return np.asarray(largest[:-1] + (np.array(corner, float) - 1), np.float64)


def _area(points: npt.NDArray[np.float64]) -> float:
    """Area of a closed polygon."""
    y, x = (points - points[0]).T
    return abs(float(y @ np.roll(x, -1) - x @ np.roll(y, -1))) / 2
