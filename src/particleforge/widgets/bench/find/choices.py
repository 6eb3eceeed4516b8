"""A row of buttons of which one is chosen."""

from collections.abc import Sequence
from typing import TypeAlias

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QWidget

from particleforge.widgets.bench.buttons import quiet

Offer: TypeAlias = tuple[str, str]
"""Key and text of a choice."""


class Choices(QWidget):
    """Buttons side by side, one of them pressed in; `chosen` gives the key of the one that a person has clicked."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._buttons: dict[str, QPushButton] = {}
        self._group = QButtonGroup(self)
        self._line = QHBoxLayout(self)
        self._line.setContentsMargins(0, 0, 0, 0)
        self._line.setSpacing(4)

    @property
    def keys(self) -> list[str]:
        """Keys of the choices offered."""
        return list(self._buttons)

    def offer(self, offers: Sequence[Offer], key: str) -> None:
        """Offer other choices, and choose one of them."""
        if [one for one, _ in offers] != self.keys:
            for button in self._buttons.values():
                self._group.removeButton(button)
                button.hide()
                button.deleteLater()
            self._buttons = {one: self._button(one) for one, _ in offers}
        for one, text in offers:
            self._buttons[one].setText(text)
            self._buttons[one].setChecked(one == key)

    def click(self, key: str) -> None:
        """Choose as a person does."""
        self._buttons[key].click()

    def _button(self, key: str) -> QPushButton:
        button = quiet("")
        button.setCheckable(True)
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        button.setProperty("key", key)
        button.clicked.connect(self._click)
        self._group.addButton(button)
        self._line.addWidget(button, 1)
        return button

    def _click(self) -> None:
        button = self._group.checkedButton()
        if button is not None:
            self.chosen.emit(str(button.property("key")))
