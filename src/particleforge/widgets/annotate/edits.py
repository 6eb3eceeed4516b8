"""Edits of a Labels layer through its own history, so that napari's undo reverts them."""

from collections.abc import Iterable
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from napari.layers import Labels

from particleforge.annotate.edit import EVERYWHERE, Change, Window, erase, next_id
from particleforge.errors import UserError

Point = tuple[float, float]


class Editor(Protocol):
    """Edits particles; each edit is a step that can be undone."""

    @property
    def data(self) -> npt.NDArray[Any]:
        """The particles now."""

    def apply(self, change: Change) -> None:
        """Make a change."""

    def erase(self, ids: Iterable[int]) -> None:
        """Remove particles."""

    def undo(self) -> None:
        """Take the last step back."""

    def redo(self) -> None:
        """Make the step that was last undone again."""

    def choose(self, particle: int) -> None:
        """Let the brush paint a particle."""

    def near(self, ids: Iterable[int]) -> Window:
        """Rows and columns that hold particles."""


class LayerEditor:
    """Edits a layer through napari's own history.

    Parameters
    ----------
    layer
        The particles.
    """

    def __init__(self, layer: Labels) -> None:
        self._layer = layer

    @property
    def data(self) -> npt.NDArray[Any]:
        """The particles now."""
        return np.asarray(self._layer.data)

    def apply(self, change: Change) -> None:
        """Make a change as one step."""
        apply(self._layer, change)

    def erase(self, ids: Iterable[int]) -> None:
        """Remove particles, each as one step."""
        for particle in ids:
            apply(self._layer, erase(self._layer.data, particle))

    def undo(self) -> None:
        """Take the last step back."""
        self._layer.undo()

    def redo(self) -> None:
        """Make the step that was last undone again."""
        self._layer.redo()

    def choose(self, particle: int) -> None:
        """Let the brush paint a particle."""
        self._layer.selected_label = particle

    def near(self, ids: Iterable[int]) -> Window:
        """Rows and columns that hold particles: the whole layer, as nothing more is known."""
        return EVERYWHERE


def apply(layer: Labels, change: Change) -> None:
    """Make a change to a layer as one step of its history."""
    rows, columns = np.nonzero(change.before != change.after)
    top, left = (axis.start for axis in change.window)
    layer.data_setitem((rows + top, columns + left), change.after[rows, columns])


def particle_at(labels: npt.NDArray[Any], point: Point) -> int:
    """Id at a point; 0 where there is none, or outside the image."""
    row, column = (round(place) for place in point)
    inside = 0 <= row < labels.shape[0] and 0 <= column < labels.shape[1]
    return int(labels[row, column]) if inside else 0


def particle_under(labels: npt.NDArray[Any], start: Point, end: Point) -> int:
    """Id that most of a line lies on.

    Raises
    ------
    UserError
        If there is no particle under the line.
    """
    count = int(np.hypot(end[0] - start[0], end[1] - start[1])) + 2
    rows, columns = (np.linspace(a, b, count) for a, b in zip(start, end, strict=True))
    ids = np.array([particle_at(labels, place) for place in zip(rows, columns, strict=True)])
    if not ids.any():
        raise UserError("There is no particle under the line.", "Draw the line right across the particle to split.")
    found, counts = np.unique(ids[ids > 0], return_counts=True)
    return int(found[counts.argmax()])


def accept(layer: Labels, proposals: Labels, ids: npt.NDArray[Any]) -> int:
    """Copy proposals as new particles in one step of the history; return how many had free pixels."""
    after = layer.data.copy()
    free = np.isin(proposals.data, ids) & (after == 0)
    taken = np.unique(proposals.data[free])
    if not len(taken):
        return 0
    first = next_id(after)
    after[free] = (np.searchsorted(taken, proposals.data[free]) + first).astype(after.dtype)
    whole = slice(0, after.shape[0]), slice(0, after.shape[1])
    apply(layer, Change(whole, layer.data, after))
    remove(proposals, ids)
    return len(taken)


def remove(proposals: Labels, ids: npt.NDArray[Any]) -> None:
    """Remove proposals."""
    proposals.data_setitem(np.nonzero(np.isin(proposals.data, ids)), 0)


def without_known(proposals: npt.NDArray[np.uint32], labels: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    """Proposals without those of which more than half lies on particles."""
    size = np.unique(proposals, return_counts=True)
    known = dict(zip(*np.unique(proposals[labels > 0], return_counts=True), strict=True))
    stays = [i for i, count in zip(*size, strict=True) if i and 2 * known.get(i, 0) <= count]
    return np.where(np.isin(proposals, stays), proposals, 0).astype(np.uint32)
