"""Curves over a common axis, drawn by Qt, so that nothing else has to be imported."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from qtpy.QtCore import QPointF, QRectF, QSize, Qt
from qtpy.QtGui import QColor, QPainter, QPaintEvent, QPalette, QPen, QPolygonF
from qtpy.QtWidgets import QSizePolicy, QWidget

from particleforge.widgets.form.editor import curve_colour

HEIGHT_PX = 150
SECOND, THIRD = QColor("#d9822b"), QColor("#3fa66b")
LEFT_PX, RIGHT_PX, ABOVE_PX, LINE_PX = 38, 8, 8, 17


@dataclass(frozen=True)
class Curve:
    """A named line through points (x, y).

    Parameters
    ----------
    name
        As shown in the legend.
    points
        In the order of x.
    """

    name: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Axis:
    """The x axis: its name, and the positions and texts of its ticks."""

    name: str
    ticks: Sequence[tuple[float, str]]


class CurvePlot(QWidget):
    """Draws curves with their legend; hidden until one of them has two points."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.curves: Sequence[Curve] = ()
        self._axis = Axis("", ())
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.hide()

    def sizeHint(self) -> QSize:
        """Keep the height."""
        return QSize(280, HEIGHT_PX)

    def show_curves(self, curves: Sequence[Curve], axis: Axis) -> None:
        """Draw these curves instead."""
        self.curves, self._axis = [curve for curve in curves if curve.points], axis
        self.setVisible(any(len(curve.points) > 1 for curve in self.curves))
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw axes, curves and legend."""
        if not self.curves:
            return
        every = [point for curve in self.curves for point in curve.points]
        places = [x for x, _ in (*every, *self._axis.ticks)]
        low, high = min(places), max(places)
        highest = 1.08 * max((y for curve in self.curves for _, y in curve.points), default=1.0)
        frame = QRectF(self.rect()).adjusted(LEFT_PX, ABOVE_PX, -RIGHT_PX, -2 * LINE_PX - 2)

        def place(x: float, y: float, top: float) -> QPointF:
            across = (x - low) / (high - low) if high > low else 0.5
            return QPointF(frame.left() + frame.width() * across, frame.bottom() - frame.height() * y / top)

        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._draw_frame(painter, frame, _digits(highest))
        for x, text in self._axis.ticks:
            _text(painter, place(x, 0, 1), text, self.width())
        for curve, colour in zip(self.curves, self._colours(), strict=False):
            painter.setPen(QPen(colour, 1.8))
            painter.drawPolyline(QPolygonF([place(x, y, highest or 1.0) for x, y in curve.points]))
        self._draw_legend(painter, frame)
        painter.end()

    def _colours(self) -> list[QColor]:
        return [curve_colour(self), SECOND, THIRD]

    def _draw_frame(self, painter: QPainter, frame: QRectF, highest: str) -> None:
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        painter.drawPolyline(QPolygonF([frame.topLeft(), frame.bottomLeft(), frame.bottomRight()]))
        for y, text in ((frame.top() - 6, highest), (frame.bottom() - 10, "0")):
            painter.drawText(QRectF(0, y, LEFT_PX - 4, LINE_PX), Qt.AlignmentFlag.AlignRight, text)

    def _draw_legend(self, painter: QPainter, frame: QRectF) -> None:
        """Draw the names of the curves in their colours, and that of the axis at the end."""
        below, x = frame.bottom() + LINE_PX + 1, frame.left()
        for curve, colour in zip(self.curves, self._colours(), strict=False):
            painter.setPen(colour)
            width = painter.fontMetrics().horizontalAdvance(curve.name) + 12
            painter.drawText(QRectF(x, below, width, LINE_PX), Qt.AlignmentFlag.AlignLeft, curve.name)
            x += width
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        painter.drawText(QRectF(x, below, frame.right() - x, LINE_PX), Qt.AlignmentFlag.AlignRight, self._axis.name)


def round_steps(low: float, high: float) -> list[float]:
    """Two to five round numbers between two others."""
    if not high > low:
        return [low]
    power = 10.0 ** math.floor(math.log10((high - low) / 2))
    step = max(nice * power for nice in (1, 2, 5) if nice * power <= (high - low) / 2)
    return [step * number for number in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _text(painter: QPainter, place: QPointF, text: str, room: int) -> None:
    """Write a tick's text below its position, inside a widget of the given width."""
    width = painter.fontMetrics().horizontalAdvance(text) + 2
    left = min(max(place.x() - width / 2, 0.0), room - width)
    painter.drawText(QRectF(left, place.y() + 2, width, LINE_PX), Qt.AlignmentFlag.AlignHCenter, text)


def _digits(value: float) -> str:
    return f"{value:.2g}" if value < 100 else f"{value:.0f}"
