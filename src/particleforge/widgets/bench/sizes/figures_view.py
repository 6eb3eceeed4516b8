"""Shows figures as text, as high as they are up to a limit."""

from qtpy.QtCore import Qt
from qtpy.QtGui import QPalette, QResizeEvent
from qtpy.QtWidgets import QFrame, QSizePolicy, QTextBrowser, QWidget

from particleforge.widgets.qt import present

MOST_PX = 170


class FiguresView(QTextBrowser):
    """Text that can be selected; long text scrolls."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setStyleSheet("background: transparent")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        present(self.document()).setDocumentMargin(2)

    @property
    def ink(self) -> str:
        """Name of the colour of its text."""
        return self.palette().color(QPalette.ColorRole.WindowText).name()

    def show_html(self, html: str) -> None:
        """Show another text; hidden while there is none."""
        self.setHtml(html)
        self._fit()
        self.setVisible(bool(html))

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Fit the height to the width."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        height = round(present(self.document()).size().height()) + 6
        if self.height() != min(height, MOST_PX):
            self.setFixedHeight(min(height, MOST_PX))
        scrolls = height > MOST_PX
        policy = Qt.ScrollBarPolicy.ScrollBarAsNeeded if scrolls else Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        self.setVerticalScrollBarPolicy(policy)
