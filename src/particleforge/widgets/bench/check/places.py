"""Where the particles of a label image lie, kept in step with its changes; no Qt here."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from particleforge.annotate.edit import Change, Window
from particleforge.runs import runs


class Places:
    """Boxes and areas of particles by id. A change costs as much as the particles that it touches are large.

    Parameters
    ----------
    labels
        (Y, X) ids, 0 = background.
    """

    def __init__(self, labels: npt.NDArray[Any]) -> None:
        found = runs(labels)
        top, bottom, left, right = found.boxes()
        ids = found.ids.tolist()
        boxes = zip(top.tolist(), left.tolist(), (bottom + 1).tolist(), (right + 1).tolist(), strict=True)
        self._boxes: dict[int, tuple[int, int, int, int]] = dict(zip(ids, boxes, strict=True))
        self._areas: dict[int, int] = dict(zip(ids, map(int, found.sum(found.length)), strict=True))

    def __contains__(self, particle: object) -> bool:
        return particle in self._areas

    def __len__(self) -> int:
        return len(self._areas)

    @property
    def ids(self) -> frozenset[int]:
        """Ids of all particles."""
        return frozenset(self._areas)

    @property
    def areas(self) -> dict[int, int]:
        """Number of pixels of each particle, by id; not to be changed."""
        return self._areas

    def window(self, particles: int | Iterable[int]) -> Window:
        """Smallest rows and columns that hold a particle, or several."""
        given = [particles] if isinstance(particles, int) else particles
        top, left, bottom, right = zip(*(self._boxes[particle] for particle in given), strict=True)
        return slice(min(top), max(bottom)), slice(min(left), max(right))

    def update(self, labels: npt.NDArray[Any], change: Change) -> frozenset[int]:
        """Take a change that was made to the labels into account; return the ids of the particles it touched."""
        changed = change.before != change.after
        lost, gained = (
            dict(zip(*map(np.ndarray.tolist, np.unique(part[changed], return_counts=True)), strict=True))
            for part in (change.before, change.after)
        )
        touched = frozenset(map(int, {*lost, *gained})) - {0}
        for particle in touched:
            area = self._areas.get(particle, 0) + gained.get(particle, 0) - lost.get(particle, 0)
            if area <= 0:
                self._areas.pop(particle, None)
                self._boxes.pop(particle, None)
                continue
            self._areas[particle] = area
            self._boxes[particle] = _shrunk(labels, particle, self._boxes.get(particle), change.window)
        return touched


def _shrunk(
    labels: npt.NDArray[Any], particle: int, box: tuple[int, int, int, int] | None, window: Window
) -> tuple[int, int, int, int]:
    """Box of a particle that lies in its box of before, in a window, or in both."""
    top, left, bottom, right = window[0].start, window[1].start, window[0].stop, window[1].stop
    if box is not None:
        top, left, bottom, right = min(top, box[0]), min(left, box[1]), max(bottom, box[2]), max(right, box[3])
    mask = labels[top:bottom, left:right] == particle
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return top + int(rows[0]), left + int(columns[0]), top + int(rows[-1]) + 1, left + int(columns[-1]) + 1
