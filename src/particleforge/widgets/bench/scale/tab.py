"""The pixel size of images: from their files, from scale bars, or as entered."""

from particleforge.widgets.bench.state import State
from particleforge.widgets.bench.tab import Tab


class ScaleTab(Tab):
    """The pixel size of images: from their files, from scale bars, or as entered."""

    title = "Scale"
    tip = "The pixel size of images: from their files, from scale bars, or as entered."

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self.body.addStretch(1)
