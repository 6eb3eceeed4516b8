"""Every edit of an image as a step that can be undone and redone, with what a person is sure of."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import QObject, Signal

from particleforge.annotate.edit import Change, Window
from particleforge.widgets.bench.check.places import Places
from particleforge.widgets.bench.check.watched import Watched

STEPS = 200
"""Number of steps that can be undone."""


@dataclass(frozen=True)
class Marks:
    """What a person has said of the particles of an image.

    Parameters
    ----------
    sure
        Ids of those that were confirmed, drawn or corrected.
    drawn
        Ids of those that were drawn or corrected: no score of a detector holds for them.
    complete
        Whether every particle of the image is there.
    """

    sure: frozenset[int] = frozenset()
    drawn: frozenset[int] = frozenset()
    complete: bool = False


@dataclass(frozen=True, eq=False)
class Step:
    """Changes of layers and marks that are undone together."""

    labels: Change | None
    strokes: Change | None
    before: Marks
    after: Marks


class History(QObject):
    """Makes and records changes of the particles, of background strokes and of marks.

    Whatever is painted in the layers by napari's own tools, or by other programs, is a step, too. `changed` gives the
    ids of the particles that have changed.

    Parameters
    ----------
    particles, strokes
        The layers.
    places
        Where the particles are; it is kept in step.
    marks
        What is known of them.
    """

    changed = Signal(object)

    def __init__(self, particles: Watched, strokes: Watched, places: Places, marks: Marks) -> None:
        super().__init__()
        self.particles, self.strokes, self.places, self.marks = particles, strokes, places, marks
        self._done: deque[Step] = deque(maxlen=STEPS)
        self._undone: list[Step] = []
        particles.changed.connect(self._painted)
        strokes.changed.connect(self._stroked)

    @property
    def data(self) -> npt.NDArray[Any]:
        """The particles now."""
        return self.particles.data

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to undo."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """Whether there is a step to redo."""
        return bool(self._undone)

    def apply(self, change: Change) -> None:
        """Make a change of the particles, as a step."""
        self._settle()
        self.particles.write(change)
        self._painted(change)

    def choose(self, particle: int) -> None:
        """Let the brush paint a particle."""
        self.particles.layer.selected_label = particle

    def near(self, ids: Iterable[int]) -> Window:
        """Rows and columns that hold particles."""
        return self.places.window(ids)

    def erase(self, ids: Iterable[int]) -> None:
        """Remove particles, as one step; where a detector has found one wrongly, there is background for certain."""
        self._settle()
        gone = sorted({int(number) for number in ids} & self.places.ids)
        if not gone:
            return
        window = self.places.window(gone)
        before, free = self.data[window].copy(), self.strokes.data[window].copy()
        after, known = before.copy(), free.copy()
        after[np.isin(before, gone)] = 0
        known[np.isin(before, [number for number in gone if number not in self.marks.sure])] = 1
        strokes = None if np.array_equal(free, known) else Change(window, free, known)
        change = Change(window, before, after)
        self.particles.write(change)
        if strokes is not None:
            self.strokes.write(strokes)
        self._painted(change, strokes)

    def mark(self, marks: Marks) -> None:
        """Change what a person has said, as a step."""
        self._settle()
        if marks != self.marks:
            changed = self.marks.sure ^ marks.sure
            self._record(Step(None, None, self.marks, marks))
            self.changed.emit(changed)

    def confirm(self, ids: Iterable[int], sure: bool = True) -> None:
        """Mark particles as sure, or as not sure, as one step."""
        self._settle()
        chosen = frozenset(int(number) for number in ids) & self.places.ids
        self.mark(replace(self.marks, sure=self.marks.sure | chosen if sure else self.marks.sure - chosen))

    def undo(self) -> None:
        """Take the last step back."""
        self._settle()
        if self._done:
            step = self._done.pop()
            self._undone.append(step)
            self._restore(_reversed(step.labels), _reversed(step.strokes), step.before)

    def redo(self) -> None:
        """Make the step that was last undone again."""
        self._settle()
        if self._undone:
            step = self._undone.pop()
            self._done.append(step)
            self._restore(step.labels, step.strokes, step.after)

    def release(self) -> None:
        """Let the layers go."""
        self._settle()
        self.particles.release()
        self.strokes.release()

    def _settle(self) -> None:
        """Record a stroke that is not complete before anything else happens."""
        self.particles.settle()
        self.strokes.settle()

    def _painted(self, change: Change, strokes: Change | None = None) -> None:
        """Record a change by hand, which makes particles sure."""
        touched = self.places.update(self.data, change)
        there = touched & self.places.ids
        gone, before = touched - there, self.marks
        after = replace(before, sure=(before.sure | there) - gone, drawn=(before.drawn | there) - gone)
        self._record(Step(change, strokes, before, after))
        self.changed.emit(touched)

    def _stroked(self, change: Change) -> None:
        self._record(Step(None, change, self.marks, self.marks))
        self.changed.emit(frozenset())

    def _record(self, step: Step) -> None:
        self._undone.clear()
        self._done.append(step)
        self.marks = step.after

    def _restore(self, labels: Change | None, strokes: Change | None, marks: Marks) -> None:
        touched = self.marks.sure ^ marks.sure
        if labels is not None:
            self.particles.write(labels)
            touched |= self.places.update(self.data, labels)
        if strokes is not None:
            self.strokes.write(strokes)
        self.marks = marks
        self.changed.emit(touched)


def _reversed(change: Change | None) -> Change | None:
    return None if change is None else Change(change.window, change.after, change.before)
