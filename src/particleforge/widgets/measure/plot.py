"""Size distribution to click on."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from qtpy.QtCore import QSize, Signal
from qtpy.QtGui import QColor, QPalette
from qtpy.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from particleforge.widgets.background import Background

LIT, CUMULATIVE = "#F0C419", "#8E7CC3"
HEIGHT_PX = 260


class SizesPlot(QWidget):
    """Histogram, cumulative share and log-normal fit of diameters; `picked` gives the ids of a clicked bar.

    matplotlib is imported when there is something to show.
    """

    picked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.canvas: Any = None
        self.bars: list[tuple[float, float]] = []
        self._table, self._pixel_size_nm = pd.DataFrame({"label": [], "ecd_px": []}, dtype=float), None
        self._sizes = np.zeros(0)
        self._lit: list[Any] = []
        self._selected: frozenset[int] = frozenset()
        self._background = Background()
        self._background.done.connect(self._make_canvas)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Keep the height."""
        return QSize(300, HEIGHT_PX)

    def show_table(self, table: pd.DataFrame, pixel_size_nm: float | None) -> None:
        """Draw the diameters of another particle table."""
        self._table, self._pixel_size_nm = table, pixel_size_nm
        if self.canvas is None:
            self._background.run(lambda _: _import_matplotlib())
        else:
            self._draw()

    def highlight(self, ids: Iterable[int]) -> None:
        """Fill the part of each bar that is selected."""
        self._selected = frozenset(ids)
        if self.canvas is not None and self.bars:
            self._fill()
            self.canvas.draw_idle()

    def pick_bar(self, number: int) -> None:
        """Emit the ids of one bar, as a click on it does."""
        low, high = self.bars[number]
        inside = (self._sizes >= low) & (self._sizes < high)
        if number == len(self.bars) - 1:
            inside |= self._sizes == high
        self.picked.emit([int(label) for label in self._table["label"].to_numpy()[inside]])

    def _make_canvas(self, _: Any) -> None:
        from matplotlib.backends.backend_qtagg import FigureCanvasQTAgg
        from matplotlib.figure import Figure

        self.canvas = FigureCanvasQTAgg(Figure(layout="constrained", facecolor="none"))
        self.canvas.setStyleSheet("background: transparent")
        self.canvas.mpl_connect("button_press_event", self._click)
        self.layout().addWidget(self.canvas)
        self._draw()

    def _draw(self) -> None:
        from particleforge.measurement.figures import draw_sizes, sizes_in_unit

        figure = self.canvas.figure
        figure.clear()
        axes = figure.add_subplot(facecolor="none")
        self._sizes, unit = sizes_in_unit(self._table, self._pixel_size_nm)
        bars = draw_sizes(axes, self._sizes, unit)
        axes.set_title("", loc="left")
        self.bars = [] if bars is None else [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in bars]
        self._lit = []
        if bars is not None:
            twin = axes.twinx()
            _draw_cumulative(twin, self._sizes)
            self._fill()
            _ink(twin, self.palette().color(QPalette.ColorRole.WindowText))
        _ink(axes, self.palette().color(QPalette.ColorRole.WindowText))
        self.canvas.draw_idle()

    def _fill(self) -> None:
        for artist in self._lit:
            artist.remove()
        chosen = self._sizes[self._table["label"].isin(list(self._selected)).to_numpy()]
        edges = np.array([self.bars[0][0], *(high for _, high in self.bars)])
        counts = np.histogram(chosen, edges)[0]
        axes = self.canvas.figure.axes[0]
        lit = axes.bar(edges[:-1], counts, np.diff(edges), align="edge", color=LIT, edgecolor="white", linewidth=0.6)
        self._lit = list(lit)

    def _click(self, event: Any) -> None:
        if event.inaxes is None or event.xdata is None:
            self.picked.emit([])
            return
        inside = [number for number, (low, high) in enumerate(self.bars) if low <= event.xdata <= high]
        if inside:
            self.pick_bar(inside[0])
        else:
            self.picked.emit([])


def _import_matplotlib() -> None:
    """Import what takes seconds, in a thread."""
    import matplotlib.backends.backend_agg
    import matplotlib.figure  # noqa: F401


def _draw_cumulative(axes: Any, sizes: Any) -> None:
    ordered = np.sort(sizes)
    axes.step(ordered, 100 * np.arange(1, len(ordered) + 1) / len(ordered), where="post", color=CUMULATIVE, lw=1.2)
    axes.set_ylim(0, 115)
    axes.set_yticks([0, 25, 50, 75, 100])
    axes.set_ylabel("Smaller (%)", fontsize=9)
    axes.tick_params(labelsize=8)
    axes.spines[["top", "left"]].set_visible(False)


def _ink(axes: Any, colour: QColor) -> None:
    """Write and draw lines in the colour of the text around."""
    ink = colour.name()
    axes.tick_params(which="both", color=ink, labelcolor=ink)
    for text in (axes.xaxis.label, axes.yaxis.label, *axes.texts):
        text.set_color(ink)
    for side in axes.spines.values():
        side.set_color(ink)
    legend = axes.get_legend()
    for text in legend.get_texts() if legend else ():
        text.set_color(ink)
