"""What edits particles, and which particles lie where."""

from collections.abc import Iterable
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from particleforge.annotate.edit import Change, Window
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
