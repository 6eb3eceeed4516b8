"""What the tools do with the particles of one image."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from particleforge.annotate.edit import erase, merge, split_by_line
from particleforge.errors import UserError
from particleforge.widgets.annotate.edits import Point, accept, apply, particle_at, particle_under, remove
from particleforge.widgets.annotate.outliner import Outliner
from particleforge.widgets.annotate.session import Session
from particleforge.widgets.annotate.tools import Gesture

Report: TypeAlias = Callable[[UserError | str | None], None]
"""Shows a message or an error; None clears it."""


class Actions:
    """An action for each tool that takes a gesture.

    Parameters
    ----------
    session
        Whose particles and suggestions are changed.
    report
        Shows what went wrong, or what to do next.
    tolerance
        Initial tolerance of outlines.
    """

    def __init__(self, session: Session, report: Report, tolerance: float) -> None:
        self.session, self._report = session, report
        self._first_piece = 0
        self.outliner = Outliner(session.particles, session.source.micrograph.grey, tolerance)
        self.outliner.failed.connect(report)

    @property
    def by_tool(self) -> Mapping[str, Callable[[Gesture], None]]:
        """The actions by the name of their tool."""
        return {
            "outline": self._outline,
            "split": self._split,
            "merge": self._merge,
            "erase": self._erase,
            "accept": self._accept,
            "reject": self._reject,
        }

    def begin(self) -> None:
        """Forget the first piece to merge: another tool was chosen."""
        self._first_piece = 0

    def accept_all(self) -> int:
        """Keep all suggestions as particles, and return their number."""
        proposals = self.session.proposals
        if proposals is None:
            return 0
        ids = np.unique(proposals.data)
        count = accept(self.session.particles, proposals, ids[ids > 0])
        self.session.withdraw()
        return count

    def _outline(self, gesture: Gesture) -> None:
        self.outliner.outline(gesture.start, gesture.end if gesture.dragged else None)

    def _split(self, gesture: Gesture) -> None:
        labels = self.session.particles.data
        particle = particle_under(labels, gesture.start, gesture.end)
        apply(self.session.particles, split_by_line(labels, particle, gesture.start, gesture.end))

    def _merge(self, gesture: Gesture) -> None:
        labels = self.session.particles.data
        pieces = [_particle(labels, gesture.start)]
        if gesture.dragged:
            pieces.append(_particle(labels, gesture.end))
        elif self._first_piece and self._first_piece != pieces[0] and (labels == self._first_piece).any():
            pieces.append(self._first_piece)
        else:
            self._first_piece = pieces[0]
            self._report(f"Particle {pieces[0]}: now click the piece to merge with it.")
            return
        self._first_piece = 0
        apply(self.session.particles, merge(labels, pieces))

    def _erase(self, gesture: Gesture) -> None:
        labels = self.session.particles.data
        apply(self.session.particles, erase(labels, _particle(labels, gesture.start)))

    def _accept(self, gesture: Gesture) -> None:
        proposals = self.session.proposals
        if proposals is None:
            return
        found = _particle(proposals.data, gesture.start, "suggestion")
        if not accept(self.session.particles, proposals, np.array([found])):
            raise UserError("All of this suggestion already belongs to particles.", "Reject it.")

    def _reject(self, gesture: Gesture) -> None:
        proposals = self.session.proposals
        if proposals is not None:
            remove(proposals, np.array([_particle(proposals.data, gesture.start, "suggestion")]))


def _particle(labels: npt.NDArray[Any], point: Point, what: str = "particle") -> int:
    """Particle at a point, where there must be one."""
    found = particle_at(labels, point)
    if not found:
        raise UserError(f"There is no {what} here.", f"Click on a {what}.")
    return found
