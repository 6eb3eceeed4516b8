"""The interface of outlines."""

from abc import abstractmethod
from typing import Annotated, TypeAlias

import numpy as np
import numpy.typing as npt

from particleforge.params import Params
from particleforge.registry import Kinds

Floats = npt.NDArray[np.float64]
POINTS = 64
"""Number of corners of the polygon that represents an outline."""


class Outline(Params):
    """A distribution of outlines."""

    @abstractmethod
    def trace(self, rng: np.random.Generator, count: int) -> Floats:
        """(count, `POINTS`, 2) corners (y, x) of closed polygons, of any size."""

    def draw(self, rng: np.random.Generator, count: int, alignment: float = 0.0) -> Floats:
        """Draw outlines of equivalent circular diameter 1 around their centre of area, each rotated by a random angle.

        Parameters
        ----------
        rng
            Chooses shapes and angles.
        count
            Number of outlines.
        alignment
            0: random angles; 1: all parallel.

        Returns
        -------
        (count, `POINTS`, 2) float64
            Corners (y, x) of closed polygons.
        """
        corners = self.trace(rng, count)
        y, x = corners[..., 0], corners[..., 1]
        cross = y * np.roll(x, -1, 1) - np.roll(y, -1, 1) * x
        area = cross.sum(1) / 2
        middle = [((part + np.roll(part, -1, 1)) * cross).sum(1) / (6 * area) for part in (y, x)]
        centred = (corners - np.stack(middle, -1)[:, None]) * np.sqrt(np.pi / 4 / np.abs(area))[:, None, None]
        angle = rng.uniform(0, 2 * np.pi) + (1 - alignment) * rng.uniform(-np.pi, np.pi, count)
        turn = np.stack([np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle)], -1).reshape(-1, 1, 2, 2)
        return np.asarray((turn * centred[..., None, :]).sum(-1), float)


AnyOutline: TypeAlias = Annotated[Outline, Kinds(Outline)]


def angles() -> Floats:
    """`POINTS` even steps around a circle, in radians."""
    return np.linspace(0, 2 * np.pi, POINTS, endpoint=False)


def polar(radii: Floats) -> Floats:
    """Corners of outlines given by (count, `POINTS`) distances from their centre."""
    theta = angles()
    return np.stack([radii * np.sin(theta), radii * np.cos(theta)], -1)


def along(corners: Floats, count: int = POINTS) -> Floats:
    """Return `count` points at even distances along closed polygons (n, any, 2)."""
    closed = np.concatenate([corners, corners[:, :1]], 1)
    lengths = np.hypot(*np.moveaxis(np.diff(closed, axis=1), -1, 0))
    reached = np.concatenate([np.zeros((len(corners), 1)), lengths.cumsum(1)], 1)
    out = np.empty((len(corners), count, 2))
    for one, line, far in zip(out, closed, reached, strict=True):
        at = np.linspace(0, far[-1], count, endpoint=False)
        for axis in (0, 1):
            one[:, axis] = np.interp(at, far, line[:, axis])
    return out
