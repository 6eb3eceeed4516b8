"""The box or line being drawn, shown over the canvas."""

from qtpy.QtCore import QPointF, QRectF, Qt
from qtpy.QtGui import QColor, QPainter, QPaintEvent, QPen
from qtpy.QtWidgets import QWidget

from particleforge.widgets.canvas import canvas_of

COLOUR = "#ffd400"


class Guide(QWidget):
    """Draws one box or line over a canvas; mouse events pass through it.

    Parameters
    ----------
    canvas
        The widget to draw over.
    """

    def __init__(self, canvas: QWidget) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self._start, self._end, self._box = QPointF(), QPointF(), False
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.hide()

    def draw(self, start: tuple[float, float], end: tuple[float, float], box: bool) -> None:
        """Show a box, or a line, between two (x, y) on the canvas."""
        self._start, self._end, self._box = QPointF(*start), QPointF(*end), box
        self.resize(self._canvas.size())
        self.show()
        self.update()

    def take_keys(self) -> None:
        """Let the canvas have the keys, as after a click in it: Space must not press a button of the panel."""
        self._canvas.setFocus()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(COLOUR), 1.5, Qt.PenStyle.DashLine if self._box else Qt.PenStyle.SolidLine))
        if self._box:
            painter.drawRect(QRectF(self._start, self._end).normalized())
        else:
            painter.drawLine(self._start, self._end)
        painter.end()


def guide_over(panel: QWidget) -> Guide | None:
    """Guide over the canvas of the window a panel is in; None if there is no canvas."""
    canvas = canvas_of(panel)
    return None if canvas is None else Guide(canvas)
