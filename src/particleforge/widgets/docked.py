"""A widget in a dock of a viewer, which pauses while it is hidden and ends when it is closed."""

from qtpy.QtCore import QEvent, QObject
from qtpy.QtGui import QHideEvent, QShowEvent
from qtpy.QtWidgets import QWidget

from particleforge.widgets.qt import present


class Docked(QWidget):
    """While it is hidden, by the menu or behind another one, it is paused: it changes nothing in the viewer.

    Derived classes do their part in `pause`, `unpause` and `end`.
    """

    def __init__(self) -> None:
        super().__init__()
        self._watching = self.paused = False

    def pause(self) -> None:
        """Stop everything that changes the viewer or the disk; the widget has been hidden."""

    def unpause(self) -> None:
        """Continue after a pause."""

    def appear(self) -> None:
        """Show what the viewer holds now; called whenever the widget is shown, before `unpause`."""

    def go_away(self) -> None:
        """Pause; derived classes may show what goes wrong."""
        self.pause()

    def come_back(self) -> None:
        """Continue; derived classes may catch up on what has waited."""
        self.unpause()

    def end(self) -> None:
        """End all work; the widget or the viewer is being closed."""

    def showEvent(self, event: QShowEvent | None) -> None:
        """Watch the viewer's window, and continue after a pause."""
        super().showEvent(event)
        if not self._watching and not self.isWindow():
            self._watching = True  # keeping the window itself would keep it alive
            present(self.window()).installEventFilter(self)
        paused, self.paused = self.paused, False
        self.appear()
        if paused:
            self.come_back()

    def hideEvent(self, event: QHideEvent | None) -> None:
        """Pause; a minimised window goes on."""
        super().hideEvent(event)
        if event is not None and not event.spontaneous() and not self.paused:
            self.paused = True
            self.go_away()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """End all work when the viewer is closed, which is the only time it hides itself."""
        if event is not None and event.type() == QEvent.Type.Hide and not event.spontaneous():
            self.end()
        return False

    def event(self, event: QEvent | None) -> bool:
        """End all work when napari takes the widget out of its window."""
        if event is not None and event.type() == QEvent.Type.ParentChange and self.parent() is None:
            self.end()
        return super().event(event)
