"""Place particles in an image with no more overlap than allowed."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from particleforge.outline import Outline, outline_of
from particleforge.recipes import kernels

TRIES = 60
"""Number of random positions tried before all positions are computed."""


@dataclass(frozen=True, eq=False)
class Stamp:
    """A particle as it will be pasted.

    Parameters
    ----------
    pixels
        (Y, X) grey values.
    alpha
        (Y, X) share of each pixel that the particle covers, 0 to 1; at least one is 0.5 or more.
    """

    pixels: npt.NDArray[np.float32]
    alpha: npt.NDArray[np.float32]

    @cached_property
    def area_px(self) -> int:
        """Number of labelled pixels."""
        return int((self.alpha >= 0.5).sum())

    @cached_property
    def centroid_px(self) -> tuple[float, float]:
        """Centre of area of the whole particle (y, x) in the patch."""
        y, x = np.argwhere(self.alpha >= 0.5).mean(0)
        return float(y), float(x)

    def outline_px(self) -> npt.NDArray[np.float64]:
        """(N, 2) corners (y, x) of its outline in the patch."""
        return outline_of(self.alpha >= 0.5)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the pasted patch."""
        height, width = self.alpha.shape
        return height, width


@dataclass(frozen=True)
class Crowding:
    """How particles may be placed: see the fields of the same names in the recipes."""

    min_visible: float
    overlap: float
    cut_by_border: bool
    clustering: float
    chains: float = 0.0
    gap_px: float = 0.0


class Scene:
    """A canvas to be filled with particles.

    Parameters
    ----------
    canvas
        (Y, X) grey values; the particles are drawn into it.
    count
        Maximum number of particles.
    crowding
        How they may be placed.
    places
        (Y, X) where their centres may lie; None: anywhere.
    """

    def __init__(
        self,
        canvas: npt.NDArray[np.float32],
        count: int,
        crowding: Crowding,
        places: npt.NDArray[np.bool_] | None = None,
    ) -> None:
        self.image = canvas
        self.shape: tuple[int, int] = (len(canvas), len(canvas[0]))
        self.labels = np.zeros(canvas.shape, np.uint32)
        self.visible = np.zeros(count + 1, np.int64)
        self.needed = np.zeros(count + 1, np.int64)
        self.centres: list[tuple[float, float]] = []
        self.pasted: list[tuple[Stamp, tuple[int, int]]] = []
        self.crowding = crowding
        self._places = places
        self._allowed = None if places is None else np.argwhere(places)

    def place(self, stamp: Stamp, rng: np.random.Generator, exhaustive: bool = True) -> tuple[int, int] | None:
        """Top-left corner at which the particle may be placed, or None if there is no such position.

        Unless `exhaustive`, None may also mean that positions are hard to find.
        """
        if self.centres and rng.random() < self.crowding.clustering:
            found = self._touching_another(stamp, rng)
            if found is not None:
                return found
        least, room = self._range(stamp.size)
        if min(room) < 1:
            return None
        for _ in range(TRIES):
            if self._allowed is None:
                top, left = least[0] + int(rng.integers(room[0])), least[1] + int(rng.integers(room[1]))
            else:
                middle = self._allowed[rng.integers(len(self._allowed))]
                top, left = int(middle[0]) - stamp.size[0] // 2, int(middle[1]) - stamp.size[1] // 2
            if self._fits(stamp, top, left):
                return top, left
        return self._search_all(stamp, rng, least, room) if exhaustive else None

    def place_near(self, stamp: Stamp, centres: list[tuple[float, float]]) -> tuple[int, int] | None:
        """Top-left corner that centres the particle on the first of some positions at which it may be placed.

        Positions that were tried are removed.
        """
        while centres:
            y, x = centres.pop(0)
            top, left = round(y - (stamp.size[0] - 1) / 2), round(x - (stamp.size[1] - 1) / 2)
            if self._fits(stamp, top, left):
                return top, left
        return None

    def paste(
        self, stamp: Stamp, place: tuple[int, int], grey: tuple[float, float] = (1.0, 0.0), opacity: float = 1.0
    ) -> None:
        """Blend the particle in as the next label.

        Parameters
        ----------
        stamp
            The particle.
        place
            Its top-left corner.
        grey
            Factor applied to its grey values, and offset added to them.
        opacity
            1: it hides what lies below; 0: its grey values are added to those below.
        """
        label = len(self.centres) + 1
        kernels.paste(self.image, self.labels, stamp.pixels, stamp.alpha, place, (*grey, opacity), self.visible, label)
        kept = (1 - self.crowding.overlap) * self.visible[label]
        self.needed[label] = math.ceil(max(self.crowding.min_visible * stamp.area_px, kept))
        self.centres.append((place[0] + stamp.centroid_px[0], place[1] + stamp.centroid_px[1]))
        self.pasted.append((stamp, place))

    @property
    def visible_fractions(self) -> npt.NDArray[np.float64]:
        """Visible share of each particle that was pasted, from 0 to 1."""
        areas = np.array([stamp.area_px for stamp, _ in self.pasted], float)
        return np.asarray(self.visible[1 : len(areas) + 1] / np.maximum(areas, 1))

    def outlines(self) -> list[Outline]:
        """Whole outline of each particle that was pasted, in this order."""
        return [
            Outline(label, stamp.outline_px() + np.array(place), visible)
            for label, ((stamp, place), visible) in enumerate(
                zip(self.pasted, self.visible_fractions.tolist(), strict=True), 1
            )
        ]

    def _range(self, size: tuple[int, int]) -> tuple[tuple[int, int], tuple[int, int]]:
        """Smallest (top, left), and the number of values each may take from there."""
        if not self.crowding.cut_by_border:
            return (0, 0), (self.shape[0] - size[0] + 1, self.shape[1] - size[1] + 1)
        return (-(size[0] // 2), -(size[1] // 2)), self.shape

    def _fits(self, stamp: Stamp, top: int, left: int) -> bool:
        """Whether it may lie here, and enough of the particle, and of those below it, stays visible."""
        if self._places is not None:
            row, column = top + stamp.size[0] // 2, left + stamp.size[1] // 2
            if not (0 <= row < self.shape[0] and 0 <= column < self.shape[1] and self._places[row, column]):
                return False
        if self.crowding.cut_by_border:
            shown = kernels.inside_area(self.labels.shape, stamp.alpha, top, left)
            if shown < max(1, self.crowding.min_visible * stamp.area_px):
                return False
        if self.crowding.overlap:
            return bool(kernels.keeps_visible(self.labels, stamp.alpha, top, left, self.visible, self.needed))
        return bool(kernels.is_free(self.labels, stamp.alpha, top, left))

    def _touching_another(self, stamp: Stamp, rng: np.random.Generator) -> tuple[int, int] | None:
        """Position in contact with a random particle already placed."""
        for _ in range(3):
            last = self.crowding.chains > 0 and rng.random() < self.crowding.chains
            start = self.centres[-1 if last else rng.integers(len(self.centres))]
            angle = rng.uniform(0, 2 * math.pi)
            towards = (math.sin(angle), math.cos(angle))
            found, top, left = kernels.slide_out(self.labels, stamp.alpha, start, towards, 3 * max(stamp.alpha.shape))
            top, left = top + round(self.crowding.gap_px * towards[0]), left + round(self.crowding.gap_px * towards[1])
            if found and self._inside(stamp, top, left) and self._fits(stamp, top, left):
                return top, left
        return None

    def _inside(self, stamp: Stamp, top: int, left: int) -> bool:
        least, room = self._range(stamp.size)
        return least[0] <= top < least[0] + room[0] and least[1] <= left < least[1] + room[1]

    def _search_all(
        self, stamp: Stamp, rng: np.random.Generator, least: tuple[int, int], room: tuple[int, int]
    ) -> tuple[int, int] | None:
        """Choose among all free positions, from the correlation of particle and occupied area."""
        from scipy.signal import fftconvolve

        mask = stamp.alpha >= 0.5
        padding = [
            (max(0, -first), max(0, first + n + size - 1 - have))
            for first, n, size, have in zip(least, room, stamp.size, self.shape, strict=True)
        ]
        occupied = np.pad((self.labels > 0).astype(np.float32), padding)
        covered = fftconvolve(occupied, mask[::-1, ::-1].astype(np.float32), mode="valid")
        first = [pad[0] + start for pad, start in zip(padding, least, strict=True)]
        covered = covered[first[0] : first[0] + room[0], first[1] : first[1] + room[1]]
        spare = covered.min() + self.crowding.overlap * stamp.area_px if self.crowding.overlap else 0
        places = np.argwhere(covered < spare + 0.5)
        for y, x in rng.permutation(places)[:200]:
            top, left = least[0] + int(y), least[1] + int(x)
            if self._fits(stamp, top, left):
                return top, left
        return None
