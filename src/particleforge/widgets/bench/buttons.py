"""The three kinds of buttons of the bench.

A click on one leaves the keyboard where it was, in most cases with the canvas; Tab reaches them.
"""

from qtpy.QtCore import QRect, QSize, Qt
from qtpy.QtGui import QColor, QPainter, QPaintEvent, QPalette
from qtpy.QtWidgets import QPushButton, QSizePolicy, QToolButton

from particleforge.widgets.bench.icons import icon

BLUE, HOVERED, PRESSED = QColor("#1f72d6"), QColor("#1a62b8"), QColor("#15529b")
"""The colour of what comes next, with white text; legible on light and on dark ground."""
ICON_PX, CORNER_PX = 22, 4

VEIL = "rgba(128, 128, 128, {})"
"""Lightens dark ground and darkens light ground; its opacity is to be filled in."""

_PRIMARY = f"""
QPushButton {{
    background-color: {BLUE.name()}; color: white; border: 2px solid transparent; border-radius: {CORNER_PX}px;
    padding: 5px 8px; font-weight: 600;
}}
QPushButton:hover {{ background-color: {HOVERED.name()}; }}
QPushButton:focus {{ border-color: {VEIL.format(0.9)}; }}
QPushButton:pressed {{ background-color: {PRESSED.name()}; }}
QPushButton:disabled {{ background-color: {VEIL.format(0.22)}; color: {VEIL.format(0.95)}; }}
"""
_QUIET = f"""
QPushButton {{
    background-color: transparent; border: 1px solid {VEIL.format(0.45)}; border-radius: {CORNER_PX}px;
    padding: 5px 6px;
}}
QPushButton:hover, QPushButton:focus {{ background-color: {VEIL.format(0.22)}; }}
QPushButton:pressed, QPushButton:checked {{ background-color: {VEIL.format(0.4)}; }}
QPushButton:disabled {{ color: {VEIL.format(0.8)}; border-color: {VEIL.format(0.25)}; }}
"""
_TOOL = f"""
QToolButton {{ background-color: transparent; border: none; border-radius: {CORNER_PX}px; padding: 5px 2px 3px 2px; }}
QToolButton:hover, QToolButton:focus {{ background-color: {VEIL.format(0.25)}; }}
QToolButton:checked, QToolButton:pressed {{ background-color: {BLUE.name()}; color: white; }}
QToolButton:disabled {{ color: {VEIL.format(0.8)}; }}
QToolButton::menu-indicator {{ subcontrol-origin: border; subcontrol-position: right top; top: 4px; right: 3px; }}
"""


def primary(text: str) -> QPushButton:
    """Return the one emphasised button of a tab, which names what comes next."""
    made = QPushButton(text)
    made.setStyleSheet(_PRIMARY)
    made.setAutoDefault(False)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    made.setCursor(Qt.CursorShape.PointingHandCursor)
    made.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    return made


def emphasise(button: QPushButton, on: bool) -> None:
    """Make a button the emphasised one of its tab, or let it stay in the background."""
    button.setStyleSheet(_PRIMARY if on else _QUIET)


def quiet(text: str, icon_name: str = "", tip: str = "") -> QPushButton:
    """Return a button that stays in the background."""
    made = QPushButton(text)
    made.setStyleSheet(_QUIET)
    made.setAutoDefault(False)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    made.setToolTip(tip)
    made.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
    if icon_name:
        made.setIcon(icon(icon_name, made))
    return made


def tool(icon_name: str, text: str, key: str, tip: str, checkable: bool = True) -> "ToolButton":
    """Return a button of a toolbar: an icon over a short text, its key in the corner.

    Parameters
    ----------
    icon_name
        As in `icons`.
    text
        A word or two.
    key
        What is shown of its key, such as O; empty for none. Pressing the key is up to `keys`.
    tip
        A sentence on what it does.
    checkable
        Whether it stays pressed in, as tools do; actions such as undo do not.
    """
    made = ToolButton(key)
    made.setText(text)
    made.setIcon(icon(icon_name, made, QColor("white")))
    made.setToolTip(f"{text} ({key})\n{tip}" if key else f"{text}\n{tip}")
    made.setCheckable(checkable)
    return made


class ToolButton(QToolButton):
    """An icon over a short text, with a key in the upper right corner."""

    def __init__(self, key: str) -> None:
        super().__init__()
        self.key = key
        self.setStyleSheet(_TOOL)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setIconSize(QSize(ICON_PX, ICON_PX))
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the button, then its key."""
        super().paintEvent(event)
        painter = QPainter(self)
        font = self.font()
        font.setPointSizeF(max(font.pointSizeF() * 0.75, 6.0))
        painter.setFont(font)
        pressed = self.isChecked() or self.isDown()
        painter.setPen(QColor("white") if pressed else self.palette().color(QPalette.ColorRole.WindowText))
        painter.setOpacity(0.75 if self.isEnabled() else 0.35)
        corner = QRect(0, 2, self.width() - 4, self.height())
        painter.drawText(corner, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop, self.key)
        painter.end()
