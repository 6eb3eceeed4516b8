"""All keys at a glance."""

from collections.abc import Sequence

from qtpy.QtCore import Qt
from qtpy.QtGui import QKeyEvent, QMouseEvent
from qtpy.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from particleforge.widgets.qt import present

_FRAME = "KeysOverlay { border: 1px solid rgba(128, 128, 128, 0.6); }"
_CAP = (
    "border: 1px solid rgba(128, 128, 128, 0.7); border-radius: 3px; padding: 1px 6px;"
    "background-color: rgba(128, 128, 128, 0.18);"
)


class KeysOverlay(QFrame):
    """A column of keys and what they do for each group; any click or key closes it.

    Parameters
    ----------
    lines
        Group, keys and what they do, in their order.
    parent
        Whose style it takes.
    """

    def __init__(self, lines: Sequence[tuple[str, Sequence[str], str]], parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setStyleSheet(_FRAME)
        columns = QHBoxLayout(self)
        columns.setContentsMargins(20, 16, 20, 16)
        columns.setSpacing(28)
        for group in dict.fromkeys(group for group, _, _ in lines):
            columns.addLayout(_column(group, [(keys, does) for name, keys, does in lines if name == group]))

    def open_over(self, place: QWidget) -> None:
        """Open in the middle of a widget."""
        self.adjustSize()
        wanted = self.rect()
        wanted.moveCenter(place.mapToGlobal(place.rect().center()))
        screen = present(place.screen()).availableGeometry()
        wanted.moveLeft(max(min(wanted.left(), screen.right() - wanted.width()), screen.left()))
        self.move(wanted.topLeft())
        self.show()

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Close."""
        self.close()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Close."""
        self.close()


def _column(group: str, lines: Sequence[tuple[Sequence[str], str]]) -> QVBoxLayout:
    column = QVBoxLayout()
    column.setSpacing(8)
    heading = QLabel(f"<b>{group}</b>")
    column.addWidget(heading)
    grid = QGridLayout()
    grid.setHorizontalSpacing(10)
    grid.setVerticalSpacing(6)
    for row, (keys, does) in enumerate(lines):
        caps = QHBoxLayout()
        caps.setSpacing(4)
        for key in keys:
            cap = QLabel(key)
            cap.setStyleSheet(_CAP)
            caps.addWidget(cap)
        caps.addStretch()
        grid.addLayout(caps, row, 0)
        grid.addWidget(QLabel(does), row, 1)
    column.addLayout(grid)
    column.addStretch()
    return column
