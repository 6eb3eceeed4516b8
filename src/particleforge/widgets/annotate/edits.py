"""Edits of a Labels layer through its own history, so that napari's undo takes them back."""

from typing import Any

import numpy as np
import numpy.typing as npt
from napari.layers import Labels

from particleforge.annotate.click import ClickParams, find_particle, find_particle_in_box
from particleforge.annotate.edit import Change, add, next_id
from particleforge.annotate.region import Region
from particleforge.errors import UserError

Point = tuple[float, float]


def apply(layer: Labels, change: Change) -> None:
    """Make a change to a layer as one step of its history."""
    rows, columns = np.nonzero(change.before != change.after)
    top, left = (axis.start for axis in change.window)
    layer.data_setitem((rows + top, columns + left), change.after[rows, columns])


def particle_at(labels: npt.NDArray[Any], point: Point) -> int:
    """Id at a point, 0 where there is none or it lies outside."""
    row, column = (round(place) for place in point)
    inside = 0 <= row < labels.shape[0] and 0 <= column < labels.shape[1]
    return int(labels[row, column]) if inside else 0


def particle_under(labels: npt.NDArray[Any], start: Point, end: Point) -> int:
    """Id that most of a line lies on.

    Raises
    ------
    UserError
        If there is no particle below the line.
    """
    count = int(np.hypot(end[0] - start[0], end[1] - start[1])) + 2
    rows, columns = (np.linspace(a, b, count) for a, b in zip(start, end, strict=True))
    ids = np.array([particle_at(labels, place) for place in zip(rows, columns, strict=True)])
    if not ids.any():
        raise UserError("There is no particle below the line.", "Draw it right across the particle to split.")
    found, counts = np.unique(ids[ids > 0], return_counts=True)
    return int(found[counts.argmax()])


class Outliner:
    """Outlines particles from clicks and boxes; the last one can be outlined anew with another tolerance.

    Parameters
    ----------
    layer
        (Y, X) particles.
    grey
        (Y, X) float32 grey values of the image.
    """

    def __init__(self, layer: Labels, grey: npt.NDArray[np.float32]) -> None:
        self.tolerance = 0.5
        self._layer, self._grey = layer, grey
        self._last: tuple[Point, Point | None, Change] | None = None

    def outline(self, start: Point, opposite: Point | None = None) -> int:
        """Outline the particle around a point, or in a box between two corners; returns its id.

        Raises
        ------
        UserError
            If nothing is found, with the reason.
        """
        labels = self._layer.data
        change = add(labels, self._find(start, opposite))
        apply(self._layer, change)
        self._last = start, opposite, change
        self._layer.selected_label = change.ids[-1]
        return change.ids[-1]

    def again(self) -> None:
        """Outline the last particle anew with the tolerance as it is now, if nobody has altered it since.

        It takes the place of the last one in the history: one undo removes it, however often the tolerance changed.
        """
        if self._last is None:
            return
        start, opposite, change = self._last
        labels = self._layer.data
        if not np.array_equal(labels[change.window], change.after):
            self._last = None
            return
        self._layer.undo()
        if not np.array_equal(labels[change.window], change.before):  # something elsewhere came after it
            self._layer.redo()
            self._last = None
            return
        try:
            self.outline(start, opposite)
        except UserError:
            self._layer.redo()
            raise

    def _find(self, start: Point, opposite: Point | None) -> Region:
        labels, params = self._layer.data, ClickParams(tolerance=self.tolerance)
        if opposite is None:
            found = find_particle(self._grey, start, labels, params)
        else:
            found = find_particle_in_box(self._grey, start, opposite, labels, params)
        if found.region is None:
            raise UserError(found.reason, "Click nearer to its middle, drag a box around it, or paint it.")
        return found.region


def accept(layer: Labels, proposals: Labels, ids: npt.NDArray[Any]) -> int:
    """Copy proposals as new particles, one step of the history; returns how many had free pixels."""
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
    """Take proposals away."""
    proposals.data_setitem(np.nonzero(np.isin(proposals.data, ids)), 0)


def without_known(proposals: npt.NDArray[np.uint32], labels: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    """Proposals without those that lie on particles with more than half their pixels."""
    size = np.unique(proposals, return_counts=True)
    known = dict(zip(*np.unique(proposals[labels > 0], return_counts=True), strict=True))
    stays = [i for i, count in zip(*size, strict=True) if i and 2 * known.get(i, 0) <= count]
    return np.where(np.isin(proposals, stays), proposals, 0).astype(np.uint32)
