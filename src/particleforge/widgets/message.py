"""A line of text that reports what happened."""

from collections.abc import Sequence

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel, QSizePolicy, QWidget

from particleforge.errors import UserError
from particleforge.widgets.form.editor import warning_colour


class Message(QLabel):
    """Shows a message inside a panel, so that no dialog is needed; hidden while there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.hide()

    def report(self, text: str) -> None:
        """Show a plain message; empty: hide."""
        self._show(text, "")

    def warn(self, error: UserError, log: Sequence[str] = ()) -> None:
        """Show what is wrong, with a hint; the last lines of a log are in the tooltip."""
        self._show(str(error), f"color: {warning_colour(self).name()}", "\n".join(log[-30:]))

    def _show(self, text: str, style: str, tip: str = "") -> None:
        self.setText(text)
        self.setStyleSheet(style)
        self.setToolTip(tip)
        self.setVisible(bool(text))
