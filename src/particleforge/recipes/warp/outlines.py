"""Outlines of particles after a deformation."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from particleforge.outline import Outline

Floats: TypeAlias = npt.NDArray[np.float32]
Points: TypeAlias = npt.NDArray[np.float64]
LEAST_STRETCH = 0.02
"""Where a deformation squeezes areas more than this, points are not moved within a pixel."""


def moved_outlines(outlines: Sequence[Outline], from_px: Floats, visible: Mapping[int, float]) -> tuple[Outline, ...]:
    """Outlines as a deformation moves them, without those that lie outside the result.

    Parameters
    ----------
    outlines
        Outlines in the source.
    from_px
        (2, Y, X) row and column in the source of each pixel of the result.
    visible
        Factor by which the visible fraction of a particle changes, by label; 0 if it is not given.
    """
    if not outlines:
        return ()
    points = moved_points(np.concatenate([one.points_px for one in outlines]), from_px)
    parts = np.split(points, np.cumsum([len(one.points_px) for one in outlines])[:-1])
    size = np.array(from_px.shape[1:])
    return tuple(
        Outline(one.label, part, one.visible_fraction * visible.get(one.label, 0.0))
        for one, part in zip(outlines, parts, strict=True)
        if (part.max(0) >= 0).all() and (part.min(0) <= size - 1).all()
    )


def moved_points(points: Points, from_px: Floats) -> Points:
    """(N, 2) places in the result of points of the source.

    From the pixel of the result that comes from nearest to the point, the map is followed as if it were linear there;
    so are points that lie beyond the result.
    """
    from scipy.spatial import cKDTree

    places = from_px.reshape(2, -1).T.astype(np.float64)
    nearest = cKDTree(places).query(points)[1]
    rows, columns = np.divmod(nearest, from_px.shape[2])
    slopes = np.array([_slopes(axis) for axis in from_px])[:, :, rows, columns].transpose(2, 0, 1)
    slopes[np.abs(np.linalg.det(slopes)) < LEAST_STRETCH] = np.eye(2)
    beyond = points - places[nearest]
    return np.stack([rows, columns], 1) + np.linalg.solve(slopes, beyond[:, :, None])[:, :, 0]


def _slopes(axis: Floats) -> list[npt.NDArray[np.float64]]:
    """Change along rows and along columns; 0 along an axis of one pixel."""
    return [np.gradient(axis.astype(np.float64), axis=k) if axis.shape[k] > 1 else np.zeros(axis.shape) for k in (0, 1)]
