"""What the tools do with suggestions, besides particles."""

from collections.abc import Callable, Mapping

import numpy as np

from particleforge.errors import UserError
from particleforge.widgets.annotate.actions import Actions, Report, there
from particleforge.widgets.annotate.edits import LayerEditor, accept, remove
from particleforge.widgets.annotate.session import Session
from particleforge.widgets.annotate.tools import Gesture


class SuggestionActions(Actions):
    """Actions on particles and suggestions.

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
        super().__init__(LayerEditor(session.particles), session.source.micrograph.grey, report, tolerance)
        self.session = session

    @property
    def by_tool(self) -> Mapping[str, Callable[[Gesture], None]]:
        """The actions by the name of their tool."""
        return {**super().by_tool, "accept": self._accept, "reject": self._reject}

    def accept_all(self) -> int:
        """Keep all suggestions as particles, and return their number."""
        proposals = self.session.proposals
        if proposals is None:
            return 0
        ids = np.unique(proposals.data)
        count = accept(self.session.particles, proposals, ids[ids > 0])
        self.session.withdraw()
        return count

    def _accept(self, gesture: Gesture) -> None:
        proposals = self.session.proposals
        if proposals is None:
            return
        found = there(proposals.data, gesture.start, "suggestion")
        if not accept(self.session.particles, proposals, np.array([found])):
            raise UserError("All of this suggestion already belongs to particles.", "Reject it.")

    def _reject(self, gesture: Gesture) -> None:
        proposals = self.session.proposals
        if proposals is not None:
            remove(proposals, np.array([there(proposals.data, gesture.start, "suggestion")]))
