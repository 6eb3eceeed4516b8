"""What the tools do with the particles of one image."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from particleforge.annotate.edit import merge, split_by_line
from particleforge.annotate.region import Region
from particleforge.errors import UserError
from particleforge.widgets.annotate.edits import Editor, Point, particle_at, particle_under
from particleforge.widgets.annotate.outliner import Outliner
from particleforge.widgets.annotate.tools import Gesture

Report: TypeAlias = Callable[[UserError | str | None], None]
"""Shows a message or an error; None clears it."""


class Actions:
    """An action for each tool that takes a gesture.

    Parameters
    ----------
    editor
        Changes the particles.
    grey
        (Y, X) grey values of the image.
    report
        Shows what went wrong, or what to do next.
    tolerance
        Initial tolerance of outlines.
    check
        Raises a `UserError` for an outline from a click that cannot be meant.
    """

    def __init__(
        self,
        editor: Editor,
        grey: npt.NDArray[np.float32],
        report: Report,
        tolerance: float,
        check: Callable[[Region], None] | None = None,
    ) -> None:
        self.editor, self._report = editor, report
        self._first_piece = 0
        self.outliner = Outliner(editor, grey, tolerance, check)
        self.outliner.failed.connect(report)

    @property
    def by_tool(self) -> Mapping[str, Callable[[Gesture], None]]:
        """The actions by the name of their tool."""
        return {"outline": self._outline, "split": self._split, "merge": self._merge, "erase": self._erase}

    def begin(self) -> None:
        """Forget the first piece to merge: another tool was chosen."""
        self._first_piece = 0

    def _outline(self, gesture: Gesture) -> None:
        self.outliner.outline(gesture.start, gesture.end if gesture.dragged else None)

    def _split(self, gesture: Gesture) -> None:
        labels = self.editor.data
        particle = particle_under(labels, gesture.start, gesture.end)
        self.editor.apply(split_by_line(labels, particle, gesture.start, gesture.end, self.editor.near([particle])))

    def _merge(self, gesture: Gesture) -> None:
        labels = self.editor.data
        pieces = [there(labels, gesture.start)]
        if gesture.dragged:
            pieces.append(there(labels, gesture.end))
        elif self._first_piece and self._first_piece != pieces[0] and (labels == self._first_piece).any():
            pieces.append(self._first_piece)
        else:
            self._first_piece = pieces[0]
            self._report(f"Particle {pieces[0]}: now click the piece to merge with it.")
            return
        self._first_piece = 0
        self.editor.apply(merge(labels, pieces, self.editor.near(pieces)))

    def _erase(self, gesture: Gesture) -> None:
        self.editor.erase([there(self.editor.data, gesture.start)])


def there(labels: npt.NDArray[Any], point: Point, what: str = "particle") -> int:
    """Return the particle at a point.

    Raises
    ------
    UserError
        If there is none.
    """
    found = particle_at(labels, point)
    if not found:
        raise UserError(f"There is no {what} here.", f"Click on a {what}.")
    return found
