"""A picture of matplotlib that a thread draws, so that the window never waits for it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import QEvent, QPointF, QSize, Qt, Signal
from qtpy.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent, QPalette, QResizeEvent
from qtpy.QtWidgets import QSizePolicy, QWidget

from particleforge.widgets.background import Background
from particleforge.widgets.qt import single_shot

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Marks = TypeVar("Marks")
DPI = 96
SETTLE_MS = 60
"""Changes in quick succession, such as those of the size, are drawn together."""


@dataclass(frozen=True, eq=False)
class Picture(Generic[Marks]):
    """What was drawn.

    Parameters
    ----------
    pixels
        (Y, X, 4) RGBA, with transparent ground.
    ratio
        Pixels per unit of length of the widget.
    to_data
        Converts a point, in pixels from the lower left, to the x and y of the axes; None outside of them.
    marks
        What `draw` returned besides.
    """

    pixels: npt.NDArray[np.uint8]
    ratio: float
    to_data: Callable[[float, float], tuple[float, float] | None]
    marks: Marks


class Canvas(QWidget, Generic[Marks]):
    """Shows what a function draws in a thread; `clicked` gives x and y in the axes, None outside of them.

    matplotlib is imported in the same thread.

    Parameters
    ----------
    draw
        Draws on an empty figure in an ink, the colour of the surrounding text; returns the axes and anything else.
    least_px
        Its least height.
    """

    clicked = Signal(object)
    drawn = Signal()
    failed = Signal(object)

    def __init__(
        self, draw: "Callable[[Figure, str], tuple[Axes, Marks]]", least_px: int, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._draw = draw
        self.picture: Picture[Marks] | None = None
        self._image = QImage()
        self._background = Background()
        self._background.done.connect(self._show)
        self._background.failed.connect(self.failed)
        self._timer = single_shot(self, SETTLE_MS, self._start)
        self.setMinimumHeight(least_px)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:
        """Take what there is."""
        return QSize(380, self.minimumHeight())

    def refresh(self) -> None:
        """Draw again, soon."""
        self._timer.start()

    def release(self) -> None:
        """Draw nothing more."""
        self._timer.stop()
        self._background.drop()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Draw again in another size."""
        super().resizeEvent(event)
        self.refresh()

    def changeEvent(self, event: QEvent | None) -> None:
        """Draw again in the colours of another theme."""
        super().changeEvent(event)
        if event is not None and event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange):
            self.refresh()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Show what was drawn last."""
        if not self._image.isNull():
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(self.rect(), self._image)
            painter.end()

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """Emit where the click was."""
        if event is not None and event.button() == Qt.MouseButton.LeftButton and self.picture is not None:
            self.clicked.emit(self.at(event.position()))

    def at(self, point: QPointF) -> tuple[float, float] | None:
        """Return x and y in the axes of a point of the widget; None outside of them."""
        picture = self.picture
        if picture is None:
            return None
        place = picture.to_data(point.x() * picture.ratio, (self.height() - point.y()) * picture.ratio)
        return None if place is None else (float(place[0]), float(place[1]))

    def _start(self) -> None:
        if self.width() < 10 or self.height() < 10 or not self.isVisible():
            return
        draw, size, ratio = self._draw, (self.width(), self.height()), float(self.devicePixelRatioF())
        ink = self.palette().color(QPalette.ColorRole.WindowText).name()
        self._background.run(lambda _: rendered(draw, size, ratio, ink))

    def showEvent(self, event: Any) -> None:
        """Draw what has changed while it was hidden."""
        super().showEvent(event)
        self.refresh()

    def _show(self, picture: Picture[Marks]) -> None:
        self.picture = picture
        height, width = picture.pixels.shape[:2]
        self._image = QImage(picture.pixels.tobytes(), width, height, 4 * width, QImage.Format.Format_RGBA8888).copy()
        self.update()
        self.drawn.emit()


def rendered(
    draw: "Callable[[Figure, str], tuple[Axes, Marks]]", size: tuple[int, int], ratio: float, ink: str
) -> Picture[Marks]:
    """Draw a figure of a width and height; no part of matplotlib that threads share is changed."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    inches = (size[0] / DPI, size[1] / DPI)
    figure = Figure(figsize=inches, dpi=DPI * ratio, layout="constrained", facecolor="none")
    canvas = FigureCanvasAgg(figure)
    axes, marks = draw(figure, ink)
    canvas.draw()
    box, inverted = axes.bbox.frozen(), axes.transData.inverted()

    def to_data(x: float, y: float) -> tuple[float, float] | None:
        if not box.contains(x, y):
            return None
        found = inverted.transform((x, y))
        return float(found[0]), float(found[1])

    return Picture(np.array(canvas.buffer_rgba(), np.uint8), ratio, to_data, marks)
