"""The sizes of the particles of an image, of all images, or by group."""

from particleforge.widgets.bench.state import State
from particleforge.widgets.bench.tab import Tab


class SizesTab(Tab):
    """The sizes of the particles of an image, of all images, or by group."""

    title = "Sizes"
    tip = "The sizes of the particles of an image, of all images, or by group."

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self.body.addStretch(1)
