"""The base of every part of a form."""

from collections.abc import Sequence
from typing import Any, TypeAlias

from qtpy.QtCore import QEvent, QObject, Qt, Signal
from qtpy.QtGui import QColor, QPainter, QPaintEvent, QPalette
from qtpy.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

Problem: TypeAlias = tuple[tuple[str | int, ...], str]
"""Path of names and item numbers from an editor down to what is wrong, and the reason."""


class Editor(QWidget):
    """Shows one value and lets it be changed.

    `changed` is emitted whenever the value changes, whether what is entered is valid or not.
    """

    changed = Signal()
    spans = False
    """Whether it brings its own label and takes the whole width of a form."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.reason = ""
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(2, 2, 2, 2)
        self._box.setSpacing(2)
        self._message: QLabel | None = None

    def value(self) -> Any:
        """Return what is entered, as plain data or parameters; it may be invalid."""
        raise NotImplementedError

    def set_value(self, value: Any) -> None:
        """Show a value."""
        raise NotImplementedError

    def lead_with(self, widget: QWidget) -> None:
        """Put a widget before the content."""
        self._box.insertWidget(0, widget)

    def label_width(self) -> int:
        """Width its own label needs, where that stands in the column of labels; otherwise 0."""
        return 0

    def align(self, width: int) -> None:
        """Leave its own label the width of the column of labels, where it has such a label."""

    def mark(self, problems: Sequence[Problem]) -> None:
        """Show what is wrong with the value; nothing if `problems` is empty."""
        self.flag([_where(path) + reason for path, reason in problems])

    def flag(self, reasons: Sequence[str]) -> None:
        """Frame this editor and write the reasons below it."""
        reason = " ".join(_sentence(text) for text in reasons)
        if reason == self.reason:
            return
        self.reason = reason
        if self._message is None:
            self._message = QLabel(self)
            self._message.setWordWrap(True)
            self._message.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._message.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
            self._box.addWidget(self._message)
        self._message.setText(reason)
        self._message.setStyleSheet(f"color: {warning_colour(self).name()}")  # palettes lose to an application's sheet
        self._message.setVisible(bool(reason))
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the frame of an invalid value."""
        super().paintEvent(event)
        if not self.reason or self._message is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(warning_colour(self))
        bottom = self._message.geometry().top() - 2
        painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, bottom - self.rect().bottom()), 3, 3)
        painter.end()


class _WheelGuard(QObject):
    """Makes the wheel scroll the form, unless the widget under the mouse was clicked first."""

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        if event is None or event.type() != QEvent.Type.Wheel or not isinstance(watched, QWidget) or watched.hasFocus():
            return False
        event.ignore()
        return True


def guard_wheel(widget: QWidget) -> None:
    """Keep a scrolling form from changing the values it passes under the mouse."""
    widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    widget.installEventFilter(_WheelGuard(widget))


def warning_colour(widget: QWidget) -> QColor:
    """Red that is legible on the widget's background."""
    return QColor("#ff7b72") if is_dark(widget) else QColor("#c62828")


def curve_colour(widget: QWidget) -> QColor:
    """Blue that is legible on the widget's background."""
    return QColor("#58a6ff") if is_dark(widget) else QColor("#1f6fc4")


def is_dark(widget: QWidget) -> bool:
    """Whether text is light; judged by the text, since style sheets leave the palette's background unchanged."""
    widget.ensurePolished()
    return widget.palette().color(QPalette.ColorRole.WindowText).lightness() > 128


def line_height(widget: QWidget) -> int:
    """Height of an editor of one line."""
    return widget.fontMetrics().height() + 12


def inner(problems: Sequence[Problem], name: str | int) -> list[Problem]:
    """Problems below one name or item, with their paths from there."""
    return [(path[1:], reason) for path, reason in problems if path and path[0] == name]


def _where(path: tuple[str | int, ...]) -> str:
    parts = [f"item {part + 1}" if isinstance(part, int) else part for part in path]
    return f"{', '.join(parts)}: " if parts else ""


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."
