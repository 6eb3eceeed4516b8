"""How many particles there are of each kind, in the colours of their contours."""

from collections.abc import Mapping

from qtpy.QtWidgets import QLabel

from particleforge.widgets.bench.colours import State

SHOWN = (State.FOUND, State.DOUBTFUL, State.SURE, State.NOT_COUNTED)


class Legend(QLabel):
    """A line with a coloured square and a number for each kind."""

    def __init__(self) -> None:
        super().__init__()
        self.setWordWrap(True)
        self.setToolTip(
            "Found: by the detector. Sure: confirmed, drawn or corrected by you. "
            "Not counted: by the rules for size, edge and class in step 4; pale if sure."
        )

    def refresh(self, counts: Mapping[State, int]) -> None:
        """Show numbers."""
        self.setText(
            "&nbsp;&nbsp; ".join(
                f'<span style="color: {state.colour}">&#9632;</span> {counts.get(state, 0)} {state}' for state in SHOWN
            )
        )
