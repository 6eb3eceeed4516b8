"""Names of the ready-made recipes to choose from."""

from collections.abc import Sequence

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import QComboBox, QSizePolicy

from particleforge.widgets.form.editor import guard_wheel
from particleforge.widgets.synthesize.library import Ready


class ReadyBox(QComboBox):
    """Like `Gallery`, in one line without thumbnails; `chosen` gives the name of a recipe.

    Parameters
    ----------
    ready
        The recipes offered; none is chosen at first.
    """

    chosen = Signal(str)

    def __init__(self, ready: Sequence[Ready]) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setPlaceholderText("Choose a recipe")
        guard_wheel(self)
        for number, one in enumerate(ready):
            self.addItem(one.name.replace("_", " "), one.name)
            self.setItemData(number, one.about, Qt.ItemDataRole.ToolTipRole)
        self.setCurrentIndex(-1)
        self.currentIndexChanged.connect(self._emit_chosen)

    def choose(self, name: str) -> None:
        """Choose a recipe as a click on it does."""
        self.setCurrentIndex(self.findData(name))

    def clear_choice(self) -> None:
        """Choose none."""
        with QSignalBlocker(self):
            self.setCurrentIndex(-1)

    def _emit_chosen(self, number: int) -> None:
        if number >= 0:
            self.chosen.emit(self.itemData(number))
