"""Finding the particles of images with a detector, and teaching detectors."""

from particleforge.widgets.bench.state import State
from particleforge.widgets.bench.tab import Tab


class FindTab(Tab):
    """Finding the particles of images with a detector, and teaching detectors."""

    title = "Find"
    tip = "Finding the particles of images with a detector, and teaching detectors."

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self.body.addStretch(1)
