"""Line icons, drawn in the colour of the text around them.

The pictures are the SVG files in the folder next to this one: 24 x 24 px, lines of 1.75 px in `currentColor`. They were
drawn for ParticleForge and come under its licence.
"""

import weakref
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from qtpy.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from qtpy.QtGui import QColor, QGuiApplication, QIcon, QIconEngine, QPainter, QPalette, QPixmap
from qtpy.QtSvg import QSvgRenderer
from qtpy.QtWidgets import QWidget

DISABLED = 0.4
"""Opacity of the icon of a disabled button."""


def icon(name: str, widget: QWidget | None = None, checked: QColor | None = None) -> QIcon:
    """Return an icon that is sharp at any size and follows the theme.

    Parameters
    ----------
    name
        The name of a file in the folder of icons.
    widget
        Where the icon is shown: its colour is that of the text of this widget, whenever it is drawn. Without one it is
        the colour of the application's text, which style sheets such as those of napari do not change.
    checked
        Another colour for a button that is pressed in, where that is filled with a colour of its own.
    """
    return QIcon(_Engine(_picture(name), widget, checked))


def names() -> list[str]:
    """Return the names of all icons."""
    return sorted(file.name.removesuffix(".svg") for file in _folder().iterdir())


class _Engine(QIconEngine):
    """Draws a picture in the colour that belongs to the widget and its state."""

    def __init__(self, picture: str, widget: QWidget | None, checked: QColor | None) -> None:
        super().__init__()
        self._picture, self._checked = picture, checked
        self._widget = None if widget is None else weakref.ref(widget)

    def clone(self) -> QIconEngine:
        """Return another one like this."""
        return _Engine(self._picture, None if self._widget is None else self._widget(), self._checked)

    def paint(self, painter: QPainter | None, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        """Draw the icon in the middle of a rectangle."""
        colour = self._checked if self._checked is not None and state == QIcon.State.On else self._colour()
        drawn = QByteArray(self._picture.replace("currentColor", colour.name()).encode())
        side = min(rect.width(), rect.height())
        square = QRectF(0, 0, side, side)
        square.moveCenter(QRectF(rect).center())
        if painter is not None:
            painter.save()
            painter.setOpacity(painter.opacity() * (DISABLED if mode == QIcon.Mode.Disabled else 1.0))
            QSvgRenderer(drawn).render(painter, square)
            painter.restore()

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        """Draw the icon on a transparent picture."""
        drawn = QPixmap(size)
        drawn.fill(Qt.GlobalColor.transparent)
        painter = QPainter(drawn)
        self.paint(painter, QRect(0, 0, size.width(), size.height()), mode, state)
        painter.end()
        return drawn

    def _colour(self) -> QColor:
        widget = None if self._widget is None else self._widget()
        palette = QGuiApplication.palette() if widget is None else widget.palette()
        return palette.color(QPalette.ColorGroup.Active, QPalette.ColorRole.WindowText)


@cache
def _picture(name: str) -> str:
    return _folder().joinpath(f"{name}.svg").read_text(encoding="utf-8")


def _folder() -> Traversable:
    return files(__package__ or "").joinpath("icons")
