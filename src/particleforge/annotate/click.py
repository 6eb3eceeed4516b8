"""One click, one particle: the outline around a point.

The image is sampled along rays from the point. The outline is the cheapest closed path over the rays, found exactly:
running along edges of one sign is rewarded, while crossing edges further in and changing the radius cost something. A
tolerance adds a cost that falls with the logarithm of the radius. As the cost is submodular, a larger tolerance never
moves the outline inwards anywhere (Topkis 1978, doi:10.1287/opre.26.2.305). A first outline shows where the middle is
and how elongated the particle is; rays fitted to it give the second outline, which is the result.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pydantic import Field
from scipy import ndimage

from particleforge.annotate.kernels import closed_path
from particleforge.annotate.polar import ANGLES, MARGIN, MAX_ASPECT, STEP, Rays
from particleforge.annotate.region import Region
from particleforge.errors import UserError
from particleforge.params import Params
from particleforge.step import Progress, Step
from particleforge.verb import verb

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
Labels = npt.NDArray[np.integer]

COARSE_SIGMA_PX, FINE_SIGMA_PX = 1.6, 0.7
"""Smoothing for the coarse search for the outline, and for placing it exactly."""
EDGE_WIDTH, FINE_WIDTH = 4, 2
"""Number of radii on either side whose means are compared, in the coarse search and for exact placement."""
STIFFNESS = 0.07
"""Cost of each step of the radius, as a fraction of the cost of a missing edge."""
CROSSED = 0.3
"""Cost of a crossed edge relative to that of the outline's own edge."""
BOX_BONUS = 0.3
"""Bonus per e-fold of radius in a box, instead of that cost: the particle is expected to fill the box."""
CROSSED_FROM = 10
"""Edges fewer radii than this further in belong to the outline itself."""
NOISE_HALF_PX = 100.0
"""Half the side of the largest window in which noise is estimated."""
NOISE_SHARE = 1.0
"""Minimum contrast, as a multiple of the noise of a pixel."""
TOLERANCE_REACH = 0.4
"""Bonus per e-fold of radius: added at tolerance 1, subtracted at tolerance 0."""
BAND, BAND_PX = 0.15, 3.0
"""How far the exact outline may lie from the coarse one: relative to the radius, but at least this many px."""
SIGNAL_WIDTH = 7
"""Number of radii on either side, beyond `EDGE_WIDTH`, that distinguish a particle from noise."""
LEAST_SIGNAL = 7.0
"""Signal-to-noise ratio of their difference below which there is no particle; white noise hardly reaches 5."""


class ClickParams(Params):
    """How to find a particle from one click."""

    tolerance: float = Field(
        0.5, ge=0, le=1, description="Above 0.5 the outline extends further out; below 0.5 it stays further in."
    )
    largest_px: int = Field(600, ge=8, le=20_000, description="Largest particle diameter to search for.")


@dataclass(frozen=True, eq=False)
class Found:
    """Result of a click: the particle, or None and the reason in plain words."""

    region: Region | None
    reason: str = ""


def find_particle(
    grey: npt.NDArray[np.float32],
    point: tuple[float, float],
    labels: Labels | None = None,
    params: ClickParams = ClickParams(),
) -> Found:
    """Find the dark or bright particle at a point.

    Parameters
    ----------
    grey
        (Y, X) grey values.
    point
        (y, x) in px; 0 is the centre of the first pixel.
    labels
        (Y, X) ids of existing particles; none of their pixels are used.
    params
        Tolerance and largest size.
    """
    if reason := _no_start(grey, point, labels):
        return Found(None, reason)
    rays = Rays(*point, min(params.largest_px / 2, float(np.hypot(*grey.shape))))
    return _find(grey, rays, labels, params.tolerance, None)


def find_particle_in_box(
    grey: npt.NDArray[np.float32],
    corner: tuple[float, float],
    opposite: tuple[float, float],
    labels: Labels | None = None,
    params: ClickParams = ClickParams(),
) -> Found:
    """Find the particle that fills a box drawn around it.

    Parameters
    ----------
    grey
        (Y, X) grey values.
    corner, opposite
        (y, x) of two opposite corners in px; the outline stays between them.
    labels
        (Y, X) ids of existing particles; none of their pixels are used.
    params
        Tolerance; the largest size is that of the box.

    Raises
    ------
    UserError
        If a side of the box is shorter than 3 px.
    """
    sides = abs(corner[0] - opposite[0]), abs(corner[1] - opposite[1])
    if min(sides) < 3:
        raise UserError(
            f"The box measures {sides[0]:.1f} x {sides[1]:.1f} px; each side must be at least 3 px.",
            "Draw a larger box around the particle.",
        )
    middle = (corner[0] + opposite[0]) / 2, (corner[1] + opposite[1]) / 2
    if reason := _no_start(grey, middle, labels):
        return Found(None, reason)
    aspect = float(np.clip(np.sqrt(sides[0] / sides[1]), MAX_ASPECT**-0.5, MAX_ASPECT**0.5))
    rays = Rays(*middle, float(np.hypot(*sides)) / 2, (aspect, 0.0, 1 / aspect))
    return _find(grey, rays, labels, params.tolerance, (corner, opposite))


@verb(lambda *_: {})
def warm_up() -> Step[None]:
    """Compile the functions that a click needs; they are cached on disk, so later processes only load them."""
    yield Progress(0, 1, "Compiling")
    y, x = np.mgrid[:64, :64]
    find_particle(((y - 32) ** 2 + (x - 32) ** 2 < 150).astype(np.float32), (32.0, 32.0))


def _no_start(grey: npt.NDArray[np.float32], point: tuple[float, float], labels: Labels | None) -> str:
    """Return why no particle can be searched for at a point; empty if it can."""
    if grey.ndim != 2 or (labels is not None and labels.shape != grey.shape):
        shapes = f"{grey.shape}" if labels is None else f"{grey.shape}, the labels {labels.shape}"
        raise UserError(f"The image has shape {shapes}; image and labels must be 2D and of the same shape.")
    row, column = (round(place) for place in point)
    if not (0 <= row < grey.shape[0] and 0 <= column < grey.shape[1]):
        return "The point is outside the image."
    if labels is not None and labels[row, column]:
        return f"The point is on particle {labels[row, column]}; erase it first to outline it again."
    return ""


Box = tuple[tuple[float, float], tuple[float, float]]


def _find(grey: npt.NDArray[np.float32], rays: Rays, labels: Labels | None, tolerance: float, box: Box | None) -> Found:
    start = round(rays.y), round(rays.x)
    contrast = _contrast(grey, rays)
    if contrast == 0:
        return Found(None, "All grey values around the point are the same.")
    outline = _Outline(grey, contrast, rays, _last(rays, grey.shape, labels, box), boxed=box is not None)
    sign, middle = outline.coarse(0.5)
    fitted = _fitted(rays, outline.radii[middle], start, labels)
    nearest, last = _nearest(fitted, start), _last(fitted, grey.shape, labels, box)
    if (nearest <= last).all():
        outline = _Outline(grey, contrast, fitted, last, nearest, box is not None)
        _, middle = outline.coarse(0.5, (sign,))
    if outline.signal_to_noise(sign, middle) < LEAST_SIGNAL:
        return Found(None, "Nothing around the point stands out from the noise.")
    path = middle if tolerance == 0.5 else outline.coarse(tolerance, (sign,))[1]
    region = outline.rays.region(outline.fine(sign, middle, path, tolerance), grey.shape)
    return _only(region, start, labels)


class _Outline:
    """Closed paths over the rays from one point; only the tolerance varies, so paths are comparable."""

    def __init__(
        self,
        grey: npt.NDArray[np.float32],
        contrast: float,
        rays: Rays,
        last: Indices,
        nearest: Indices | None = None,
        boxed: bool = False,
    ) -> None:
        self.grey, self.rays, self.radii = grey, rays, rays.radii
        self.values = rays.read(grey, COARSE_SIGMA_PX)
        self.steps = _steps(self.values, EDGE_WIDTH) / contrast
        crossed = np.cumsum(np.abs(np.tanh(self.steps)), 1) * (STEP / 0.2)
        crossed = np.pad(crossed, ((0, 0), (CROSSED_FROM, 0)))[:, : crossed.shape[1]]
        index = np.arange(len(self.radii))
        self.inner_cost = -BOX_BONUS * STEP * index if boxed else CROSSED * crossed
        self.forbidden = index > last[:, None]
        if nearest is not None:
            self.forbidden |= index < nearest[:, None]

    def coarse(self, tolerance: float, signs: tuple[int, ...] = (1, -1)) -> tuple[int, Indices]:
        """Sign (1: brighter outside) and path of the best outline."""
        paths = []
        for sign in signs:
            cost = self.inner_cost - np.tanh(sign * self.steps) - self._outwards(tolerance)
            paths.append((*_solve(np.where(self.forbidden, np.inf, cost)), sign))
        _, path, sign = min(paths, key=lambda found: found[0])
        return sign, path

    def fine(self, sign: int, middle: Indices, path: Indices, tolerance: float) -> Floats:
        """(angles,) radii in px of the exact outline near a path; `middle` sets the scale of its edges."""
        at = self.radii[path]
        band = np.maximum(BAND * at, BAND_PX)[:, None]
        forbidden = self.forbidden | (np.abs(self.radii - at[:, None]) > band)
        steps = sign * _steps(self.rays.read(self.grey, FINE_SIGMA_PX), FINE_WIDTH)
        usual = max(float(steps[np.arange(ANGLES), middle].mean()), float(np.abs(steps).mean()), 1e-9)
        steps = np.tanh(steps / (2 * usual))
        _, exact = _solve(np.where(forbidden, np.inf, -steps - self._outwards(tolerance)))
        return np.asarray(self.radii[exact] * np.exp(STEP * _between(steps, exact)), float)

    def signal_to_noise(self, sign: int, path: Indices) -> float:
        """Ratio of the grey difference across a path, a little away from it, to the noise of that mean difference."""
        place = (path + MARGIN)[:, None]
        away = np.arange(EDGE_WIDTH, EDGE_WIDTH + SIGNAL_WIDTH)
        inner, outer = (np.clip(place + side * away, 0, self.values.shape[1] - 1) for side in (-1, 1))
        ray = np.arange(ANGLES)[:, None]
        difference = sign * float((self.values[ray, outer] - self.values[ray, inner]).mean())
        radius = float(self.radii[path].mean())
        pixels = 2 * np.pi * radius * max(1.0, SIGNAL_WIDTH * STEP * radius)
        return (
            difference
            * float(np.sqrt(pixels))
            / max(_noise(self.grey, self.rays, float(np.clip(2 * radius, 20, NOISE_HALF_PX))), 1e-6)
        )

    def _outwards(self, tolerance: float) -> Floats:
        """(radii,) bonus."""
        return np.asarray(TOLERANCE_REACH * (2 * tolerance - 1) * STEP * np.arange(len(self.radii)), float)


def _solve(cost: Floats) -> tuple[float, Indices]:
    path = np.zeros(ANGLES, np.int64)
    return float(closed_path(cost, STIFFNESS, path)), path


def _between(steps: Floats, path: Indices) -> Floats:
    """(angles,) position of the largest step between radii, -0.5 to 0.5, by a parabola through three steps."""
    padded = np.pad(steps, ((0, 0), (1, 1)), mode="edge")
    before, here, after = (padded[np.arange(ANGLES), path + k] for k in range(3))
    bend = 2 * here - before - after
    return np.asarray(np.clip(np.where(bend > 1e-9, (after - before) / np.maximum(2 * bend, 1e-9), 0), -0.5, 0.5))


def _steps(values: Floats, width: int) -> Floats:
    """(angles, radii) mean over the next radii minus the mean over the previous ones."""
    total = np.cumsum(np.pad(values, ((0, 0), (1, 0))), 1)
    here = np.arange(MARGIN, values.shape[1] - MARGIN)
    outer = total[:, here + width + 1] - total[:, here + 1]
    inner = total[:, here] - total[:, here - width]
    return (outer - inner) / width


def _window(grey: npt.NDArray[np.float32], rays: Rays, half: int) -> npt.NDArray[np.float32]:
    """Grey values around a point."""
    y, x = int(rays.y), int(rays.x)
    return grey[max(0, y - half) : y + half + 1, max(0, x - half) : x + half + 1]


def _contrast(grey: npt.NDArray[np.float32], rays: Rays) -> float:
    """Return the standard deviation of the smoothed grey values around a point, but at least the noise."""
    half = int(rays.largest_px) + 1
    stride = max(1, half // 150)
    window = _window(grey, rays, half)[::stride, ::stride].astype(np.float32)
    return max(float(ndimage.gaussian_filter(window, 1).std()), NOISE_SHARE * _noise(grey, rays, NOISE_HALF_PX))


def _noise(grey: npt.NDArray[np.float32], rays: Rays, half_px: float) -> float:
    """Return the standard deviation of pixel noise around a point (Immerkær 1996, doi:10.1006/cviu.1996.0060)."""
    window = _window(grey, rays, int(half_px))
    stencil = np.array([1, -2, 1], np.float32)
    curved = ndimage.convolve1d(ndimage.convolve1d(window, stencil, 0), stencil, 1)
    return float(np.median(np.abs(curved))) / 0.6745 / 6


def _last(rays: Rays, shape: tuple[int, int], labels: Labels | None, box: Box | None) -> Indices:
    """(angles,) index of the last radius an outline may have."""
    last = rays.inside(shape)
    if labels is not None:
        last = np.minimum(last, rays.free_of(labels))
    if box is not None:
        low, high = np.minimum(*box), np.maximum(*box)
        down, across = rays.directions
        with np.errstate(divide="ignore", invalid="ignore"):
            room = [
                np.where(slope > 0, (end - place) / slope, np.where(slope < 0, (begin - place) / slope, np.inf))
                for slope, place, begin, end in (
                    (down, rays.y, low[0], high[0]),
                    (across, rays.x, low[1], high[1]),
                )
            ]
        reach = np.minimum(*room)
        last = np.minimum(last, np.maximum(np.searchsorted(rays.radii, reach * 1.02) - 1, 0))
    return last


def _fitted(rays: Rays, reach_px: Floats, start: tuple[int, int], labels: Labels | None) -> Rays:
    """Rays fitted to an outline, or the given rays if the path from the start to its middle is not free."""
    fitted = rays.fitted(reach_px)
    if labels is not None:
        between = np.linspace(0, 1, 2 + int(np.hypot(fitted.y - start[0], fitted.x - start[1])))
        ways = zip(start, (fitted.y, fitted.x), strict=True)
        rows, columns = (np.rint(begin + (end - begin) * between).astype(int) for begin, end in ways)
        if labels[rows, columns].any():
            return rays
    return fitted


def _nearest(rays: Rays, start: tuple[int, int]) -> Indices:
    """(angles,) index of the smallest radius an outline may have that contains the start."""
    away, angle = rays.polar(start[0] - rays.y, start[1] - rays.x)
    nearest = np.zeros(ANGLES, np.int64)
    away += rays.widest
    if away > rays.radii[0]:
        turn = np.abs((rays.angles - angle + np.pi) % (2 * np.pi) - np.pi)
        nearest[turn < 1.5 * 2 * np.pi / ANGLES] = np.searchsorted(rays.radii, away)
    return nearest


def _only(region: Region, start: tuple[float, float], labels: Labels | None) -> Found:
    """Return the connected part of a region around the start, without taken pixels, its holes filled."""
    mask, closed = region.mask, None if labels is None else labels[region.window] != 0
    if closed is not None:
        mask = mask & ~closed
    parts, _ = ndimage.label(mask)
    row, column = round(start[0]) - region.top, round(start[1]) - region.left
    inside = 0 <= row < mask.shape[0] and 0 <= column < mask.shape[1]
    if not inside or not parts[row, column]:
        return Found(None, "No free pixels are left around the point.")
    kept = ndimage.binary_fill_holes(parts == parts[row, column])
    if closed is not None:
        kept &= ~closed
    return Found(Region(kept, region.top, region.left).cropped())
