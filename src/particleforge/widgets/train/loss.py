"""How the loss of a training falls."""

import csv
import math
from pathlib import Path

from qtpy.QtCore import QPointF, QRectF, QSize, Qt
from qtpy.QtGui import QColor, QPainter, QPaintEvent, QPalette, QPen, QPolygonF
from qtpy.QtWidgets import QSizePolicy, QWidget

from particleforge.widgets.form.editor import curve_colour

HEIGHT_PX = 150
HELD_OUT = QColor("#d9822b")


class LossPlot(QWidget):
    """Training and held-out loss over time, hidden until there are two points."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.curves: dict[str, list[tuple[float, float]]] = {}
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.hide()

    def sizeHint(self) -> QSize:
        """Keep the height."""
        return QSize(280, HEIGHT_PX)

    def show_log(self, log: Path) -> None:
        """Draw the log a training writes; nothing where there is none yet."""
        self.curves = read_log(log)
        self.setVisible(any(len(points) > 1 for points in self.curves.values()))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw axes and curves."""
        points = [point for curve in self.curves.values() for point in curve]
        if not points:
            return
        minutes, highest = max(x for x, _ in points), 1.08 * max(y for _, y in points)
        text, frame = self.palette().color(QPalette.ColorRole.WindowText), QRectF(self.rect()).adjusted(38, 8, -8, -34)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(text)
        painter.drawLine(frame.bottomLeft(), frame.bottomRight())
        painter.drawLine(frame.bottomLeft(), frame.topLeft())
        left, right = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
        painter.drawText(QRectF(0, frame.top() - 6, 34, 16), right, f"{highest:.2g}")
        painter.drawText(QRectF(0, frame.bottom() - 10, 34, 16), right, "0")
        below = QRectF(frame.left(), frame.bottom() + 1, frame.width(), 16)
        painter.drawText(below, right, _time(minutes))
        painter.drawText(below, left, "Loss over time")
        for number, (name, curve) in enumerate(self.curves.items()):
            colour = HELD_OUT if number else curve_colour(self)
            painter.setPen(QPen(colour, 1.8))
            places = [
                QPointF(frame.left() + frame.width() * x / minutes, frame.bottom() - frame.height() * y / highest)
                for x, y in curve
            ]
            painter.drawPolyline(QPolygonF(places))
            painter.drawText(below.translated(0, 16).adjusted(90 * number, 0, 0, 0), left, name)
        painter.end()


def read_log(log: Path) -> dict[str, list[tuple[float, float]]]:
    """Points (minutes, loss) by the name of the curve; a curve without finite values is left out."""
    try:
        rows = list(csv.DictReader(log.read_text(encoding="utf-8").splitlines()))
    except OSError:
        return {}
    curves = {}
    for name, column in (("training", "train_loss"), ("held out", "held_out_loss")):
        points = [(float(row["seconds"]) / 60, float(row[column])) for row in rows]
        curves[name] = [(x, y) for x, y in points if math.isfinite(y)]
    return {name: curve for name, curve in curves.items() if curve}


def _time(minutes: float) -> str:
    return f"{60 * minutes:.0f} s" if minutes < 2 else f"{minutes:.3g} min"
