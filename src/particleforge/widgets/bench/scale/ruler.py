"""A line along the scale bar of the image that is shown, and the length written next to it."""

from napari.layers import Shapes
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from particleforge.annotate.burnt_in_bar import BurntInBar, find_burnt_in_bar
from particleforge.annotate.scale import Point, find_scale_bar, pixel_size_from_line
from particleforge.errors import UserError
from particleforge.widgets.active import KEY
from particleforge.widgets.annotate.geometry import geometry_of
from particleforge.widgets.annotate.parts import words
from particleforge.widgets.background import Background
from particleforge.widgets.bench.buttons import quiet
from particleforge.widgets.bench.work import Work

LINE, COLOUR, WIDTH_SHARE = "scale bar line", "#ff5f00", 0.005
"""Name of the layer of the line; colour of the line, and its width as a fraction of the height of the image."""
ASK = "Drag a line along the scale bar, from one end to the other."
OTHER = "If this is another bar, drag a line along the right one."


class Ruler(QWidget):
    """Finds the burnt-in scale bar, or takes a line that is drawn along it.

    `measured` gives the side of a pixel in nm once the length of the bar has been entered, `failed` a `UserError`.
    """

    measured = Signal(object)
    failed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._work: Work | None = None
        self._line: Shapes | None = None
        self._width = 1
        self._bar: tuple[Point, Point] | None = None
        self.drawn = words()
        self.length = QLineEdit(self)
        self.length.setPlaceholderText("length of the bar, e.g. 200 nm")
        self.length.setToolTip("The length written next to the scale bar, with its unit. Press Enter to set the scale.")
        self.length.returnPressed.connect(self._set)
        self.set_scale = quiet("Set scale", tip="Set the scale of this image from the bar.")
        self.set_scale.clicked.connect(self._set)
        row = QHBoxLayout()
        row.addWidget(self.length, 1)
        row.addWidget(self.set_scale)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.drawn)
        box.addLayout(row)
        self._background = Background()
        self._background.done.connect(self._found)
        self._background.failed.connect(self.failed)
        self.hide()

    @property
    def bar(self) -> tuple[Point, Point] | None:
        """Ends of the bar, or of the line that was drawn where there is no bar; None: there is no line."""
        return self._bar

    def start(self, work: Work) -> None:
        """Look for the bar of an image, and let a line be drawn."""
        self.stop()
        self._work = work
        about = {"metadata": {KEY: {"role": LINE}}, **geometry_of(work.image)}
        line = self._line = Shapes(name=LINE, ndim=2, **about)
        work.viewer.add_layer(line)
        self._width = max(1, round(WIDTH_SHARE * work.micrograph.shape[0]))
        line.current_edge_color, line.current_edge_width = COLOUR, self._width
        line.mode = "add_line"
        line.events.data.connect(self._measure)
        self._show(None)
        self.show()
        grey = work.micrograph.grey
        self._background.run(lambda _: find_burnt_in_bar(grey))

    def stop(self) -> None:
        """Remove the line."""
        self._background.drop()
        work, self._work = self._work, None
        line, self._line = self._line, None
        self._bar = None
        self.hide()
        if work is None or line is None:
            return
        line.events.data.disconnect(self._measure)
        if line in work.viewer.layers:
            work.viewer.layers.remove(line)
        if work.image in work.viewer.layers:
            work.viewer.layers.selection.active = work.image

    def _found(self, found: BurntInBar | None) -> None:
        """Put the line on the bar that was found, unless one was drawn meanwhile."""
        if found is not None and self._line is not None and not len(self._line.data):
            self._line.add_lines([[found.bar.start, found.bar.end]], edge_color=COLOUR, edge_width=self._width)

    def _measure(self, event: object = None) -> None:
        """Find the ends of the bar under the last line."""
        if self._line is None or self._work is None or not len(self._line.data):
            self._show(None)
            return
        start, end = ((float(y), float(x)) for y, x in self._line.data[-1][:2, -2:])
        bar = find_scale_bar(self._work.micrograph.grey, start, end)
        self._show((start, end) if bar is None else (bar.start, bar.end), bar is not None)

    def _show(self, bar: tuple[Point, Point] | None, exact: bool = False) -> None:
        self._bar = bar
        self.set_scale.setEnabled(bar is not None)
        if bar is None:
            self.drawn.setText(ASK)
            return
        (y0, x0), (y1, x1) = bar
        px = ((y1 - y0) ** 2 + (x1 - x0) ** 2) ** 0.5
        self.drawn.setText(f"The bar is {px:.1f} px long. {OTHER}" if exact else f"The line is {px:.1f} px long.")

    def _set(self) -> None:
        if self._bar is None:
            return
        try:
            side = pixel_size_from_line(*self._bar, self.length.text())
        except UserError as error:
            self.failed.emit(error)
            return
        self.measured.emit(side)
