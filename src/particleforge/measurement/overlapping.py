"""Particles whose whole masks overlap."""

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from particleforge.mask import Mask, WholeLabels
from particleforge.measurement.arrays import Ints
from particleforge.measurement.columns import DESCRIPTORS
from particleforge.measurement.descriptor import Particles, Values
from particleforge.runs import Runs, runs

if TYPE_CHECKING:
    from particleforge.measurement.rules import Rules


class Overlapping(Particles):
    """Particles of a flat label image, of which some are known as a whole: each is measured by its own mask.

    The masks are distributed over layers in which none overlap, and every layer is measured as a label image.
    Descriptors of all particles together (`Descriptor`) get the flat labels.

    Parameters
    ----------
    labels
        What is visible, and the masks. Particles without one are measured as far as they are visible; those of which
        nothing is visible have values as well.
    rules, rows, intensity, scores, pixel_size_nm
        As for `Particles`.
    """

    def __init__(
        self,
        labels: WholeLabels,
        rules: "Rules",
        rows: tuple[int, int] | None = None,
        intensity: npt.NDArray[Any] | None = None,
        scores: Mapping[int, float] | None = None,
        pixel_size_nm: float | None = None,
    ) -> None:
        super().__init__(labels.labels, rules, rows, intensity, scores, pixel_size_nm, labels.frame)
        self._masks = {number: mask for number, mask in labels.masks.items() if mask.pixels.any()}
        visible = runs(self._given)
        ids = np.union1d(visible.ids, np.array(list(self._masks), np.int64))
        self._runs = visible._replace(ids=ids, which=np.searchsorted(ids, visible.ids)[visible.which])

    @property
    def runs(self) -> Runs:
        """What is visible of them as horizontal runs, in all pieces."""
        return self._runs

    @cached_property
    def labels(self) -> Values:
        """(Y, X) ids of what is visible, in all pieces."""
        return self._given

    @cached_property
    def whole(self) -> npt.NDArray[np.bool_]:
        """(n,) whether the whole particle is known."""
        return np.isin(self.ids, list(self._masks))

    @cached_property
    def _layers(self) -> "list[_Layer]":
        """Label images that together hold every particle once, the largest particles in the first ones."""
        masks = [self._masks.get(number) or self._visible(number) for number in self.ids.tolist()]
        painted: list[npt.NDArray[np.int64]] = [np.zeros(self._given.shape, np.int64)]
        members: list[list[int]] = [[]]
        for index in sorted(range(len(masks)), key=lambda k: -masks[k].area_px2):
            window, pixels = masks[index].window, masks[index].pixels
            free = (k for k, layer in enumerate(painted) if not layer[window][pixels].any())
            chosen = next(free, len(painted))
            if chosen == len(painted):
                painted.append(np.zeros(self._given.shape, np.int64))
                members.append([])
            painted[chosen][window][pixels] = self.ids[index]
            members[chosen].append(index)
        return [
            _Layer(layer, self, np.sort(np.array(which, np.int64)))
            for layer, which in zip(painted, members, strict=True)
        ]

    @cached_property
    def _boxes(self) -> tuple[Ints, Ints, Ints, Ints]:
        return self.runs.boxes()

    def _visible(self, number: int) -> Mask:
        """Visible pixels of a particle."""
        index = int(np.searchsorted(self.ids, number))
        top, bottom, left, right = (int(edge[index]) for edge in self._boxes)
        return Mask(top, left, self._given[top : bottom + 1, left : right + 1] == number)

    def _compute(self, descriptor: str) -> None:
        """Compute the columns of a descriptor, once: layer by layer, or of all particles together."""
        if _together(descriptor):
            super()._compute(descriptor)
            return
        order = np.argsort(np.concatenate([layer.places for layer in self._layers]))
        for name in (column.in_px for column in DESCRIPTORS.get(descriptor).COLUMNS):
            if all(name in layer for layer in self._layers):
                self._values[name] = np.concatenate([layer[name] for layer in self._layers])[order]


class _Layer(Particles):
    """Some of the particles, none of which overlap.

    Parameters
    ----------
    labels
        (Y, X) ids.
    every
        All particles.
    places
        (m,) places of these among all, ascending.
    """

    def __init__(self, labels: npt.NDArray[Any], every: Overlapping, places: Ints) -> None:
        every_size = every.pixel_size_nm
        super().__init__(labels, every.rules, every.rows, every.intensity, every.scores, every_size, every.frame)
        self._every, self.places = every, places

    def _compute(self, descriptor: str) -> None:
        """Compute the columns of a descriptor, or take those of all particles together."""
        if not _together(descriptor):
            super()._compute(descriptor)
            return
        for name in (column.in_px for column in DESCRIPTORS.get(descriptor).COLUMNS):
            if name in self._every:
                self._values[name] = self._every[name][self.places]


def _together(descriptor: str) -> bool:
    return bool(getattr(DESCRIPTORS.get(descriptor), "TOGETHER", False))


def particles_of(
    labels: npt.NDArray[Any] | WholeLabels,
    rules: "Rules",
    rows: tuple[int, int] | None = None,
    intensity: npt.NDArray[Any] | None = None,
    scores: Mapping[int, float] | None = None,
    pixel_size_nm: float | None = None,
) -> Particles:
    """Particles of a label image; see `Overlapping`, which they are if any whole masks are known."""
    if not isinstance(labels, WholeLabels):
        return Particles(labels, rules, rows, intensity, scores, pixel_size_nm)
    if not labels.masks:
        return Particles(labels.labels, rules, rows, intensity, scores, pixel_size_nm, labels.frame)
    return Overlapping(labels, rules, rows, intensity, scores, pixel_size_nm)
