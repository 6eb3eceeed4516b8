"""Checking, correcting and confirming particles."""

from particleforge.widgets.bench.state import State
from particleforge.widgets.bench.tab import Tab


class CheckTab(Tab):
    """Checking, correcting and confirming particles."""

    title = "Check"
    tip = "Checking, correcting and confirming particles."

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self.body.addStretch(1)
