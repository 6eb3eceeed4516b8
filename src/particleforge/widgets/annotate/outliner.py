"""Particles from clicks and boxes, found in a thread."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import QObject, Signal

from particleforge.annotate.edit import Change, add
from particleforge.annotate.region import Region
from particleforge.errors import UserError
from particleforge.widgets.annotate.edits import Editor, Point
from particleforge.widgets.background import Background


@dataclass(frozen=True, eq=False)
class Request:
    """A click, or a box between two corners; `instead_of` is the outline it had before, if it had one."""

    start: Point
    opposite: Point | None = None
    instead_of: Change | None = None


class Outliner(QObject):
    """Outlines particles one after the other; the last one can be outlined again with another tolerance.

    A click waits for those before it. A new tolerance discards the search that still uses the old one.
    `outlined` gives the id of a particle, `failed` a `UserError` with the reason why none is found.

    Parameters
    ----------
    editor
        Adds the particles.
    grey
        (Y, X) float32 grey values of the image.
    tolerance
        How far outlines extend, see `ClickParams`.
    check
        Raises a `UserError` for an outline that cannot be meant.
    """

    outlined = Signal(int)
    failed = Signal(object)

    def __init__(
        self,
        editor: Editor,
        grey: npt.NDArray[np.float32],
        tolerance: float = 0.5,
        check: Callable[[Region], None] | None = None,
    ) -> None:
        super().__init__()
        self._tolerance, self._check = tolerance, check
        self._editor, self._grey = editor, grey
        self._waiting: deque[Request] = deque()
        self._asked: Request | None = None
        self._last: Request | None = None
        self._background = Background()
        self._background.done.connect(self._found)
        self._background.failed.connect(self._missed)

    @property
    def busy(self) -> bool:
        """Whether a search is running."""
        return self._asked is not None

    def outline(self, start: Point, opposite: Point | None = None) -> None:
        """Outline the particle around a point, or in a box between two corners."""
        self._waiting.append(Request(start, opposite))
        self._next()

    def retune(self, tolerance: float) -> None:
        """Outline the last particle again with another tolerance, if it is unchanged.

        It replaces the last one in the history: one undo removes it, however often the tolerance changed.
        """
        self._tolerance = tolerance
        if self._asked is not None:
            self._ask(self._asked)
        elif self._last is not None:
            self._waiting.append(self._last)
            self._next()

    def close(self) -> None:
        """Drop all pending clicks."""
        self._waiting.clear()
        self._asked = None
        self._background.drop()

    def _next(self) -> None:
        if self._asked is None and self._waiting:
            self._ask(self._waiting.popleft())

    def _ask(self, request: Request) -> None:
        self._asked = request
        self._background.run(_search(self._grey, self._editor.data, request, self._tolerance))

    def _found(self, region: Region) -> None:
        request, self._asked = self._asked, None
        try:
            if request is not None and self._take_back(request.instead_of):
                self._add(request, region)
        except UserError as error:
            self.failed.emit(error)
        self._next()

    def _missed(self, error: UserError) -> None:
        self._asked = None
        self.failed.emit(error)
        self._next()

    def _take_back(self, change: Change | None) -> bool:
        """Undo an outline if it is unchanged and was the last edit; return whether it is gone."""
        if change is None:
            return True
        labels = self._editor.data
        if np.array_equal(labels[change.window], change.after):
            self._editor.undo()
            if np.array_equal(labels[change.window], change.before):
                return True
            self._editor.redo()  # another edit was made elsewhere after it
        self._last = None
        return False

    def _add(self, request: Request, region: Region) -> None:
        try:
            if self._check is not None and request.opposite is None:
                self._check(region)
            change = add(self._editor.data, region)
        except UserError:
            if request.instead_of is not None:
                self._editor.redo()
            raise
        self._editor.apply(change)
        self._last = Request(request.start, request.opposite, change)
        self._editor.choose(change.ids[-1])
        self.outlined.emit(change.ids[-1])


def _search(
    grey: npt.NDArray[np.float32], labels: npt.NDArray[Any], request: Request, tolerance: float
) -> Callable[[object], Region]:
    """Return a function that finds the particle of a request; it loads compiled code when called."""

    def search(_: object) -> Region:
        from particleforge.annotate.click import ClickParams, find_particle, find_particle_in_box

        known, params = labels, ClickParams(tolerance=tolerance)
        if request.instead_of is not None:
            known = labels.copy()
            request.instead_of.undo(known)
        if request.opposite is None:
            found = find_particle(grey, request.start, known, params)
        else:
            found = find_particle_in_box(grey, request.start, request.opposite, known, params)
        if found.region is None:
            raise UserError(found.reason, "Click nearer to its middle, drag a box around it, or paint it.")
        return found.region

    return search
