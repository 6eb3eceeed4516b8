"""Grey values on rays around a point, and outlines given by one radius per ray.

Radii grow by a constant factor, so that small and large particles look alike, and values far out are read from
coarser images: the time does not depend on the size of the particle.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from particleforge.annotate.region import Region

Floats = npt.NDArray[np.float64]
ANGLES = 96
STEP = 0.03
"""Logarithm of the ratio of two neighbouring radii."""
MARGIN = 6
"""Number of radii read beyond both ends, for differences."""
SMALLEST_RADIUS_PX = 2.0
FINE_RADIUS_PX = 32.0
"""Up to this radius the image itself is read, from here to twice the radius one of half the resolution, and so on."""
MAX_ASPECT = 8.0
"""Largest ratio of axes to which rays are stretched."""


@dataclass(frozen=True)
class Rays:
    """Where grey values are read: `ANGLES` rays from a point (y, x).

    Parameters
    ----------
    y, x
        The point, in px.
    largest_px
        Largest radius.
    stretch
        Symmetric matrix (yy, yx, xx) of determinant 1 that turns a circle of rays into an ellipse: radii around an
        elongated particle are then as similar as around a round one.
    """

    y: float
    x: float
    largest_px: float
    stretch: tuple[float, float, float] = (1.0, 0.0, 1.0)

    @property
    def angles(self) -> Floats:
        """(angles,) in radians, from the x axis towards the y axis, before stretching."""
        return np.asarray(2 * np.pi * np.arange(ANGLES) / ANGLES)

    @property
    def directions(self) -> tuple[Floats, Floats]:
        """(angles,) px along y and along x per px of radius."""
        return self._stretched(np.sin(self.angles), np.cos(self.angles))

    @property
    def radii(self) -> Floats:
        """(radii,) in px; geometric means over all directions."""
        count = 2 + int(np.log(max(self.largest_px / SMALLEST_RADIUS_PX, 1)) / STEP)
        return np.asarray(SMALLEST_RADIUS_PX * np.exp(STEP * np.arange(count)))

    @property
    def widest(self) -> float:
        """Largest stretch of any direction."""
        return float(np.hypot(*self.directions).max())

    def polar(self, down: Any, across: Any) -> tuple[Any, Any]:
        """Radius and angle (0 to 2 pi) of places `down` px below and `across` px to the right of the point."""
        yy, yx, xx = self.stretch
        down, across = xx * down - yx * across, yy * across - yx * down
        return np.hypot(down, across), np.arctan2(down, across) % (2 * np.pi)

    def _stretched(self, down: Any, across: Any) -> tuple[Any, Any]:
        yy, yx, xx = self.stretch
        return yy * down + yx * across, yx * down + xx * across

    def read(self, grey: npt.NDArray[np.float32], sigma_px: float) -> Floats:
        """(angles, radii + 2 MARGIN) smoothed grey values; beyond the border, the values at the border."""
        radii = self.radii[0] * np.exp(STEP * np.arange(-MARGIN, len(self.radii) + MARGIN))
        levels = _levels(grey, self.y, self.x, float(radii[-1]), self.widest, sigma_px)
        wanted = np.clip(np.ceil(np.log2(radii / FINE_RADIUS_PX)), 0, len(levels) - 1)
        values = np.empty((ANGLES, len(radii)))
        down, across = (slope[:, None] for slope in self.directions)
        for number, (image, y, x) in enumerate(levels):
            here = wanted == number
            if here.any():
                reach = radii[here] / 2**number
                places = [y + down * reach, x + across * reach]
                values[:, here] = ndimage.map_coordinates(image, places, order=1, mode="nearest")
        return values

    def inside(self, shape: tuple[int, int]) -> npt.NDArray[np.int64]:
        """(angles,) index of the last radius on each ray that lies in an image; 0 at least."""
        rows, columns = self._places()
        found = (rows >= -0.5) & (rows <= shape[0] - 0.5) & (columns >= -0.5) & (columns <= shape[1] - 0.5)
        return _last_before_first_false(found)

    def free_of(self, labels: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        """(angles,) index of the last radius on each ray before it meets a labelled pixel; 0 at least."""
        rows, columns = (np.rint(place).astype(np.int64) for place in self._places())
        height, width = labels.shape
        met = labels[np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)]
        return _last_before_first_false(met == 0)

    def _places(self) -> tuple[Floats, Floats]:
        radii = self.radii
        down, across = (slope[:, None] for slope in self.directions)
        return self.y + down * radii, self.x + across * radii

    def fitted(self, reach_px: Floats) -> "Rays":
        """Rays from the middle of the outline with these radii, stretched like the ellipse of its moments."""
        units = np.stack([np.sin(self.angles), np.cos(self.angles)])
        area = float((reach_px**2).sum()) / 2
        middle = (units * reach_px**3).sum(1) / (3 * area)
        moments = (units * reach_px**4) @ units.T / (4 * area) - np.outer(middle, middle)
        yy, yx, xx = self.stretch
        frame = np.array([[yy, yx], [yx, xx]])
        spread, axes = np.linalg.eigh(frame @ moments @ frame)
        aspect = min(float(np.sqrt(spread[1] / max(spread[0], 1e-9))), MAX_ASPECT)
        stretch = axes @ np.diag([aspect**-0.5, aspect**0.5]) @ axes.T
        y, x = np.array([self.y, self.x]) + frame @ middle
        return replace(
            self, y=float(y), x=float(x), stretch=(float(stretch[0, 0]), float(stretch[0, 1]), float(stretch[1, 1]))
        )

    def region(self, reach_px: Floats, shape: tuple[int, int]) -> Region:
        """Pixels of an image inside the outline with these radii."""
        farthest = float(reach_px.max()) * self.widest + 1
        top, left = max(0, int(self.y - farthest)), max(0, int(self.x - farthest))
        bottom, right = min(shape[0], int(self.y + farthest) + 2), min(shape[1], int(self.x + farthest) + 2)
        down = np.arange(top, bottom)[:, None] - self.y
        across = np.arange(left, right)[None, :] - self.x
        away, angle = self.polar(down, across)
        limit = np.interp(angle, np.append(self.angles, 2 * np.pi), np.append(reach_px, reach_px[0]))
        return Region(away <= limit, top, left)


def _last_before_first_false(found: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    count = np.logical_and.accumulate(found, axis=1).sum(1, dtype=np.int64)
    return np.asarray(np.maximum(count - 1, 0))


def _levels(
    grey: npt.NDArray[np.float32], y: float, x: float, reach_px: float, widest: float, sigma_px: float
) -> list[tuple[npt.NDArray[np.float32], float, float]]:
    """Smoothed windows about a point, each of half the resolution of the one before, and the point's place there."""
    levels: list[tuple[npt.NDArray[np.float32], float, float]] = []
    half = int(reach_px * widest) + 8
    top, left = max(0, int(y) - half), max(0, int(x) - half)
    window = np.ascontiguousarray(grey[top : int(y) + half + 1, left : int(x) + half + 1], np.float32)
    y, x = y - top, x - left
    fine = FINE_RADIUS_PX
    while True:
        near = int(fine * widest) + 8  # no more of a level than this is read
        first, begin = max(0, int(y) - near), max(0, int(x) - near)
        part = window[first : int(y) + near + 1, begin : int(x) + near + 1]
        levels.append((ndimage.gaussian_filter(part, sigma_px, mode="nearest"), y - first, x - begin))
        if fine * 2 ** (len(levels) - 1) >= reach_px or min(window.shape) < 4:
            return levels
        window = window[: window.shape[0] // 2 * 2, : window.shape[1] // 2 * 2]
        window = 0.25 * (window[::2, ::2] + window[1::2, ::2] + window[::2, 1::2] + window[1::2, 1::2])
        y, x = (y - 0.5) / 2, (x - 0.5) / 2
