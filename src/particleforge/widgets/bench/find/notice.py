"""A line that draws attention, with a button."""

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

YELLOW = "background-color: rgba(255, 200, 0, 45); border-left: 3px solid rgb(230, 175, 0); padding: 4px 6px;"


class Notice(QWidget):
    """A sentence on yellow ground; hidden while there is none.

    Parameters
    ----------
    button
        At its right.
    """

    def __init__(self, button: QWidget | None = None) -> None:
        super().__init__()
        self.label = QLabel(self)
        self.label.setWordWrap(True)
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.label.setStyleSheet(YELLOW)
        self.label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(4)
        line.addWidget(self.label, 1)
        if button is not None:
            line.addWidget(button)
        self.hide()

    @property
    def text(self) -> str:
        """The sentence."""
        return self.label.text()

    def report(self, text: str) -> None:
        """Show a sentence; empty: hide."""
        self.label.setText(text)
        self.setVisible(bool(text))
