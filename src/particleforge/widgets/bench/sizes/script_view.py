"""Shows what gives the same figures again: a command line, and Python."""

from qtpy.QtCore import Signal
from qtpy.QtGui import QFontDatabase, QGuiApplication
from qtpy.QtWidgets import QHBoxLayout, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from particleforge.widgets.bench.buttons import quiet
from particleforge.widgets.qt import present


class ScriptView(QWidget):
    """A text with a button that copies it; `closed` is emitted when it is no longer wanted."""

    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text = QPlainTextEdit(self)
        self.text.setReadOnly(True)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.copy, self.close_button = quiet("Copy", "copy", "Copy the text."), quiet("Close")
        box, line = QVBoxLayout(self), QHBoxLayout()
        box.setContentsMargins(0, 0, 0, 0)
        line.addWidget(QLabel("The same figures again", self), 1)
        line.addWidget(self.copy)
        line.addWidget(self.close_button)
        box.addLayout(line)
        box.addWidget(self.text)
        self.copy.clicked.connect(self._copy)
        self.close_button.clicked.connect(self.closed)
        self.hide()

    def show_script(self, script: str) -> None:
        """Show another text."""
        self.text.setPlainText(script)
        self.show()

    def _copy(self) -> None:
        present(QGuiApplication.clipboard()).setText(self.text.toPlainText())
