"""A part of a window that scrolls."""

from qtpy.QtCore import QEvent, QObject, QSize, Qt
from qtpy.QtWidgets import QFrame, QScrollArea, QWidget

from particleforge.widgets.qt import present


class Scrolling(QScrollArea):
    """Scrolls vertically only: it is never narrower than its content.

    Parameters
    ----------
    content
        What scrolls.
    parent
        Where it is.
    least_px
        Smallest width.
    """

    def __init__(self, content: QWidget, parent: QWidget | None = None, least_px: int = 0) -> None:
        super().__init__(parent)
        self._content, self._bar, self._least_px = content, present(self.verticalScrollBar()), least_px
        self.setWidget(content)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def minimumSizeHint(self) -> QSize:
        """Make room for the content and the bar."""
        width = self._content.minimumSizeHint().width() + self._bar.sizeHint().width()
        return QSize(max(width, self._least_px), 100)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Ask for more width when the content does."""
        if event is not None and event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().eventFilter(watched, event)
