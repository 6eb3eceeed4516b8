"""Gives a widget a dock of its own below the image, in the full width of the window."""

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QCloseEvent
from qtpy.QtWidgets import QDockWidget, QMainWindow, QVBoxLayout, QWidget

HEIGHT_PX = 340


class Dock(QDockWidget):
    """A dock; `closed` is emitted when a person closes it."""

    closed = Signal()

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """Report it."""
        self.closed.emit()
        super().closeEvent(event)


class Movable(QWidget):
    """Holds a widget, and lends it to a dock at the bottom of its window; `moved` says whether it is there."""

    moved = Signal(bool)

    def __init__(self, content: QWidget, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._content, self._title = content, title
        self._dock: Dock | None = None
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.addWidget(content)

    @property
    def away(self) -> bool:
        """Whether the content is in the dock."""
        return self._dock is not None

    def toggle(self) -> None:
        """Put the content into the dock, or back."""
        if self.away:
            self.bring_back()
            return
        window = self.window()
        if not isinstance(window, QMainWindow):
            return
        dock = self._dock = Dock(self._title, window)
        dock.setObjectName(f"particleforge-{self._title}")
        dock.setWidget(self._content)
        window.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, dock)
        window.resizeDocks([dock], [HEIGHT_PX], Qt.Orientation.Vertical)
        dock.closed.connect(self.bring_back)
        self.hide()
        self.moved.emit(True)

    def bring_back(self) -> None:
        """Put the content back."""
        dock, self._dock = self._dock, None
        if dock is None:
            return
        self._box.addWidget(self._content)
        self._content.show()
        self.show()
        dock.hide()
        dock.deleteLater()
        self.moved.emit(False)
