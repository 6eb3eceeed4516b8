"""Put turned cutouts into a label image without more overlap than allowed."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.signal import fftconvolve

from particleforge.recipes.cutpaste import kernels
from particleforge.recipes.cutpaste.cutouts import Cutout

TRIES = 60
"""Random places tried before all places are computed."""


@dataclass(frozen=True, eq=False)
class Turned:
    """A cutout as it will be pasted: flipped, scaled, rotated."""

    cutout: Cutout
    pixels: npt.NDArray[np.float32]
    alpha: npt.NDArray[np.float32]
    scale: float
    angle_deg: float
    area_px: int

    @cached_property
    def centroid_px(self) -> tuple[float, float]:
        """Centre of area of the whole particle (y, x) in the patch."""
        y, x = np.argwhere(self.alpha >= 0.5).mean(0)
        return float(y), float(x)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the pasted patch."""
        height, width = self.alpha.shape
        return height, width


def turn(cutout: Cutout, scale: float, angle_deg: float, flip: bool) -> Turned:
    """Flip, scale and rotate a cutout about its centre."""
    sine, cosine = (round(f(math.radians(angle_deg)), 12) for f in (math.sin, math.cos))  # quarter turns are exact
    height, width = cutout.alpha.shape
    out_height = math.ceil(scale * (height * abs(cosine) + width * abs(sine)))
    out_width = math.ceil(scale * (width * abs(cosine) + height * abs(sine)))
    matrix = np.array([[cosine, -sine], [sine, cosine]]) / scale
    if flip:
        matrix[1] *= -1
    pixels = np.empty((out_height, out_width), np.float32)
    alpha = np.empty_like(pixels)
    kernels.turn(cutout.pixels, cutout.alpha, matrix, pixels, alpha)
    if alpha.max() < 0.5:  # thinner than a pixel: the pixel that holds most of it stands for all of it
        most = alpha.argmax()
        alpha.flat[most] = 0.5
        pixels.flat[most] = cutout.pixels.flat[cutout.alpha.argmax()]
    return Turned(cutout, pixels, alpha, scale, angle_deg, int((alpha >= 0.5).sum()))


@dataclass(frozen=True)
class Crowding:
    """How particles may lie: see the fields of the same names in `CutPaste`."""

    min_visible: float
    overlap: float
    cut_by_border: bool
    clustering: float


class Scene:
    """A canvas that fills with particles."""

    def __init__(self, canvas: npt.NDArray[np.float32], count: int, crowding: Crowding) -> None:
        self.image = canvas
        self.shape: tuple[int, int] = (len(canvas), len(canvas[0]))
        self.labels = np.zeros(canvas.shape, np.uint32)
        self.visible = np.zeros(count + 1, np.int64)
        self.needed = np.zeros(count + 1, np.int64)
        self.centres: list[tuple[float, float]] = []
        self.crowding = crowding

    def place(self, turned: Turned, rng: np.random.Generator, exhaustive: bool = True) -> tuple[int, int] | None:
        """Top-left corner where the particle may lie, or None where there is no such place.

        Where it must not be `exhaustive`, None may also mean that places are hard to find.
        """
        if self.centres and rng.random() < self.crowding.clustering:
            found = self._beside_another(turned, rng)
            if found is not None:
                return found
        least, room = self._range(turned.size)
        if min(room) < 1:
            return None
        for _ in range(TRIES):
            top, left = least[0] + int(rng.integers(room[0])), least[1] + int(rng.integers(room[1]))
            if self._fits(turned, top, left):
                return top, left
        return self._search_all(turned, rng, least, room) if exhaustive else None

    def paste(self, turned: Turned, place: tuple[int, int], grey: tuple[float, float]) -> None:
        """Blend the particle in as the next label."""
        label = len(self.centres) + 1
        kernels.paste(self.image, self.labels, turned.pixels, turned.alpha, place, grey, self.visible, label)
        kept = (1 - self.crowding.overlap) * self.visible[label]
        self.needed[label] = math.ceil(max(self.crowding.min_visible * turned.area_px, kept))
        self.centres.append((place[0] + turned.centroid_px[0], place[1] + turned.centroid_px[1]))

    def _range(self, size: tuple[int, int]) -> tuple[tuple[int, int], tuple[int, int]]:
        """Smallest (top, left), and how many values each may take from there."""
        if not self.crowding.cut_by_border:
            return (0, 0), (self.shape[0] - size[0] + 1, self.shape[1] - size[1] + 1)
        return (-(size[0] // 2), -(size[1] // 2)), self.shape

    def _fits(self, turned: Turned, top: int, left: int) -> bool:
        """Whether the particle shows enough of itself here and of what lies below."""
        if self.crowding.cut_by_border:
            shown = kernels.inside_area(self.labels.shape, turned.alpha, top, left)
            if shown < max(1, self.crowding.min_visible * turned.area_px):
                return False
        if self.crowding.overlap:
            return bool(kernels.keeps_visible(self.labels, turned.alpha, top, left, self.visible, self.needed))
        return bool(kernels.is_free(self.labels, turned.alpha, top, left))

    def _beside_another(self, turned: Turned, rng: np.random.Generator) -> tuple[int, int] | None:
        """Place touching a random particle that is there already."""
        for _ in range(3):
            start = self.centres[rng.integers(len(self.centres))]
            angle = rng.uniform(0, 2 * math.pi)
            towards = (math.sin(angle), math.cos(angle))
            found, top, left = kernels.slide_out(self.labels, turned.alpha, start, towards, 3 * max(turned.alpha.shape))
            if found and self._inside(turned, top, left) and self._fits(turned, top, left):
                return top, left
        return None

    def _inside(self, turned: Turned, top: int, left: int) -> bool:
        least, room = self._range(turned.size)
        return least[0] <= top < least[0] + room[0] and least[1] <= left < least[1] + room[1]

    def _search_all(
        self, turned: Turned, rng: np.random.Generator, least: tuple[int, int], room: tuple[int, int]
    ) -> tuple[int, int] | None:
        """Choose among all free places, from the correlation of particle and occupied area."""
        mask = turned.alpha >= 0.5
        padding = [
            (max(0, -first), max(0, first + n + size - 1 - have))
            for first, n, size, have in zip(least, room, turned.size, self.shape, strict=True)
        ]
        occupied = np.pad((self.labels > 0).astype(np.float32), padding)
        covered = fftconvolve(occupied, mask[::-1, ::-1].astype(np.float32), mode="valid")
        first = [pad[0] + start for pad, start in zip(padding, least, strict=True)]
        covered = covered[first[0] : first[0] + room[0], first[1] : first[1] + room[1]]
        spare = covered.min() + self.crowding.overlap * turned.area_px if self.crowding.overlap else 0
        places = np.argwhere(covered < spare + 0.5)
        for y, x in rng.permutation(places)[:200]:
            top, left = least[0] + int(y), least[1] + int(x)
            if self._fits(turned, top, left):
                return top, left
        return None
