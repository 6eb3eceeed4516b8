"""Collapsible parts of a form."""

from collections.abc import Callable
from typing import Generic, TypeVar

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QSizePolicy, QToolButton, QVBoxLayout, QWidget

from particleforge.widgets.form.editor import warning_colour

INDENT_PX = 14
Content = TypeVar("Content", bound=QWidget)


class Fold(QToolButton):
    """An arrow with a title that opens and closes what is below."""

    opened = Signal(bool)

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText(title)
        self.setCheckable(True)
        self.setAutoRaise(True)
        self.setArrowType(Qt.ArrowType.RightArrow)
        with_text, alone = Qt.ToolButtonStyle.ToolButtonTextBesideIcon, Qt.ToolButtonStyle.ToolButtonIconOnly
        self.setToolButtonStyle(with_text if title else alone)
        self.setStyleSheet(_sheet())
        self.toggled.connect(self._turn)
        if title:
            self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def warn(self, wrong: bool) -> None:
        """Show that something inside is invalid."""
        self.setStyleSheet(_sheet(f"color: {warning_colour(self).name()};" if wrong else ""))

    def _turn(self, on: bool) -> None:
        self.setArrowType(Qt.ArrowType.DownArrow if on else Qt.ArrowType.RightArrow)
        self.opened.emit(on)


def _sheet(more: str = "") -> str:
    return f"QToolButton {{border: none; background: transparent; text-align: left; font-weight: bold; {more}}}"


class Body(QWidget, Generic[Content]):
    """The content of a fold; made when first opened."""

    def __init__(self, make: Callable[[], Content], parent: QWidget, indent_px: int = INDENT_PX) -> None:
        super().__init__(parent)
        self._make = make
        self.content: Content | None = None
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(indent_px, 0, 0, 0)
        self.hide()

    def show_content(self, on: bool) -> None:
        """Open or close; the content is made if there is none yet."""
        if on and self.content is None:
            self.content = self._make()
            self._box.addWidget(self.content)
        self.setVisible(on)
