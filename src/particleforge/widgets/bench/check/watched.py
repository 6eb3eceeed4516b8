"""A Labels layer of which every change is noticed, whoever makes it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from napari.layers import Labels
from qtpy.QtCore import QObject, Signal

from particleforge.annotate.edit import Change, Window
from particleforge.widgets.background import Background, Outdated
from particleforge.widgets.qt import single_shot

if TYPE_CHECKING:
    from napari.utils.events import Event

COMPARE_MS = 300
"""Changes whose place napari does not state are looked for this long after the last event."""
BAND_ROWS = 256
TRIES = 5


class Watched(QObject):
    """Compares a layer with a copy of it, where napari says that it was painted; elsewhere in a thread.

    `changed` gives a `Change` when it is complete: for a stroke of the brush, at its end. `touched` gives the window in
    which anything has changed, also by `write` and in the middle of a stroke.

    Parameters
    ----------
    layer
        The layer, with two axes.
    seen
        A copy of its data, which is kept in step.
    """

    changed = Signal(object)
    touched = Signal(object)

    def __init__(self, layer: Labels, seen: npt.NDArray[Any]) -> None:
        super().__init__()
        self.layer, self.seen, self.version = layer, seen, 0
        self._window: Window | None = None
        self._writing = self._drawing = False
        self._compare = single_shot(self, COMPARE_MS, self._look_everywhere)
        self._background = Background()
        self._background.done.connect(self._found)
        self._unplaced = (layer.events.paint, layer.events.data, layer.events.set_data)
        for emitter in self._unplaced:
            emitter.connect(self._note)
        layer.events.labels_update.connect(self._painted)
        layer.events.mode.connect(self._end_stroke)
        layer.mouse_drag_callbacks.append(self._stroke)

    @property
    def data(self) -> npt.NDArray[Any]:
        """What the layer holds."""
        return np.asarray(self.layer.data)

    def write(self, change: Change) -> None:
        """Make a change, which is not passed on as one that was noticed."""
        self._writing = True
        try:
            rows, columns = np.nonzero(change.before != change.after)
            top, left = (axis.start for axis in change.window)
            self.layer.data_setitem((rows + top, columns + left), change.after[rows, columns])
        finally:
            self._writing = False
        self.seen[change.window] = change.after
        self.version += 1
        self.touched.emit(change.window)

    def settle(self) -> None:
        """Pass on a change that is known but not complete yet."""
        window, self._window, self._drawing = self._window, None, False
        if window is not None:
            self._pass_on(window)

    def snapshot(self) -> npt.NDArray[Any]:
        """Copy what is known; in any thread. A change meanwhile makes it copy again, unless there is no end to them."""
        for _ in range(TRIES):
            before, copied = self.version, self.seen.copy()
            if before == self.version:
                break
        return copied

    def release(self) -> None:
        """Let the layer go."""
        self._compare.stop()
        self._background.drop()
        for emitter in self._unplaced:
            emitter.disconnect(self._note)
        self.layer.events.labels_update.disconnect(self._painted)
        self.layer.events.mode.disconnect(self._end_stroke)
        self.layer.mouse_drag_callbacks.remove(self._stroke)

    def _pass_on(self, window: Window) -> None:
        before, after = self.seen[window].copy(), self.data[window].copy()
        if np.array_equal(before, after):
            return
        self.seen[window] = after
        self.version += 1
        self.touched.emit(window)
        self.changed.emit(Change(window, before, after))

    def _painted(self, event: "Event") -> None:
        """Note where napari has painted."""
        if self._writing:
            return
        starts = [max(int(start), 0) for start in event.offset]
        window = tuple(slice(start, start + side) for start, side in zip(starts, event.data.shape, strict=True))
        self._window = _joined(self._window, (window[0], window[1]))
        if self._drawing:
            self.touched.emit(self._window)
        else:
            self.settle()

    def _stroke(self, layer: object, event: "Event") -> Iterator[None]:
        """Hold back what changes between press and release, which is one step."""
        self._drawing = True
        yield
        while event.type == "mouse_move":
            yield
        self.settle()

    def _end_stroke(self, event: object) -> None:
        self.settle()

    def _note(self, event: object) -> None:
        if not self._writing:
            self._compare.start()

    def _look_everywhere(self) -> None:
        if self._drawing:
            self._compare.start()
            return
        seen, data = self.seen, self.data
        if data.shape == seen.shape:
            self._background.run(lambda outdated: _difference(seen, data, outdated))

    def _found(self, window: Window | None) -> None:
        if window is not None and not self._drawing:
            self._pass_on(window)
        elif window is not None:
            self._compare.start()


def _joined(one: Window | None, other: Window) -> Window:
    """Smallest window that holds two."""
    if one is None:
        return other
    rows, columns = (slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(one, other, strict=True))
    return rows, columns


def _difference(one: npt.NDArray[Any], other: npt.NDArray[Any], outdated: Outdated) -> Window | None:
    """Smallest window outside which two arrays are equal; None if they are equal."""
    found: Window | None = None
    for top in range(0, len(one), BAND_ROWS):
        if outdated():
            return None
        band = slice(top, min(top + BAND_ROWS, len(one)))
        differ = one[band] != other[band]
        if differ.any():
            rows, columns = np.flatnonzero(differ.any(1)) + top, np.flatnonzero(differ.any(0))
            here = slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
            found = _joined(found, here)
    return found
