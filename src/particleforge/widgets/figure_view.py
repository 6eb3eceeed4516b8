"""Figures of matplotlib inside a panel."""

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QSize
from qtpy.QtGui import QColor, QPalette
from qtpy.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from particleforge.widgets.background import Background

if TYPE_CHECKING:
    from matplotlib.backend_bases import Event
    from matplotlib.backends.backend_qtagg import FigureCanvasQTAgg
    from matplotlib.figure import Figure


class FigureView(QWidget):
    """Shows what `_draw` draws, in the colours of the theme.

    matplotlib is imported in a thread when there is something to show.

    Parameters
    ----------
    height_px
        Its fixed height.
    """

    def __init__(self, height_px: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.canvas: FigureCanvasQTAgg | None = None
        self._height_px = height_px
        self._background = Background()
        self._background.done.connect(self._make_canvas)
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Keep the height."""
        return QSize(300, self._height_px)

    def set_height(self, height_px: int) -> None:
        """Change the height."""
        self._height_px = height_px
        self.updateGeometry()

    def draw(self) -> None:
        """Draw again, once matplotlib is imported."""
        if self.canvas is None:
            self._background.run(lambda _: _import_matplotlib())
        else:
            self.canvas.figure.clear()
            self._draw(self.canvas.figure, self.palette().color(QPalette.ColorRole.WindowText))
            self.canvas.draw_idle()

    def changeEvent(self, event: QEvent | None) -> None:
        """Draw again in the colours of another theme."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.StyleChange and self.canvas is not None:
            self.draw()

    def _draw(self, figure: "Figure", ink: QColor) -> None:
        """Draw on an empty figure; text and lines in `ink`, the colour of the surrounding text."""
        raise NotImplementedError

    def _click(self, event: "Event") -> None:
        """Handle a click on the figure."""

    def _make_canvas(self, _: object) -> None:
        from matplotlib.backends.backend_qtagg import FigureCanvasQTAgg
        from matplotlib.figure import Figure

        self.canvas = FigureCanvasQTAgg(Figure(layout="constrained", facecolor="none"))
        self.canvas.setStyleSheet("background: transparent")
        self.canvas.mpl_connect("button_press_event", self._click)
        self._box.addWidget(self.canvas)
        self.draw()


def _import_matplotlib() -> None:
    """Import matplotlib, which takes seconds, in a thread."""
    import matplotlib.backends.backend_agg
    import matplotlib.figure  # noqa: F401
