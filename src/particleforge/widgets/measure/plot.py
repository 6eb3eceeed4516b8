"""Clickable size distribution."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from qtpy.QtCore import Signal
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QWidget

from particleforge.measurement.arrays import Floats
from particleforge.measurement.columns import SIZES
from particleforge.measurement.distribution import size_unit
from particleforge.widgets.figure_view import FigureView, in_ink
from particleforge.widgets.kde import log_density

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.backend_bases import Event
    from matplotlib.figure import Figure

HIGHLIGHT, CUMULATIVE, DENSITY = "#F0C419", "#8E7CC3", "#2CA07A"
HEIGHT_PX = 235


class SizesPlot(FigureView):
    """Histogram, density, best fit and cumulative share of diameters; `picked` gives the ids of a clicked bar."""

    picked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(HEIGHT_PX, parent)
        self.bars: list[tuple[float, float]] = []
        self._table = pd.DataFrame({"label": [], "ecd_px": [], "weight": []}, dtype=float)
        self._pixel_size_nm: float | None = None
        self._measure = "ecd"
        self._sizes = np.zeros(0)
        self._highlighted: list[Artist] = []
        self._selected: frozenset[int] = frozenset()

    def show_table(self, table: pd.DataFrame, pixel_size_nm: float | None, measure: str = "ecd") -> None:
        """Draw the sizes of another particle table; `measure` names the property used as size."""
        self._table, self._pixel_size_nm, self._measure = table, pixel_size_nm, measure
        self.draw()

    def highlight(self, ids: Iterable[int]) -> None:
        """Fill the part of each bar that is selected."""
        self._selected = frozenset(ids)
        if self.canvas is not None and self.bars:
            self._fill(self.canvas.figure.axes[0])
            self.canvas.draw_idle()

    def pick_bar(self, number: int) -> None:
        """Emit the ids of one bar, as a click on it does."""
        low, high = self.bars[number]
        inside = (self._sizes >= low) & (self._sizes < high)
        if number == len(self.bars) - 1:
            inside |= self._sizes == high
        self.picked.emit([int(label) for label in self._table["label"].to_numpy()[inside]])

    def _draw(self, figure: "Figure", ink: QColor) -> None:
        from particleforge.measurement.figures import draw_sizes

        axes = figure.add_subplot(facecolor="none")
        self._sizes, unit = sizes_and_unit(self._table, self._pixel_size_nm, self._measure)
        weights = self._table["weight"].to_numpy(float)
        bars = draw_sizes(axes, self._sizes, unit, weights)
        axes.set_title("", loc="left")
        name = SIZES[self._measure].title
        axes.set_xlabel(axes.get_xlabel().replace("Equal-area diameter", f"{name[:1].upper()}{name[1:]}"))
        self.bars = [] if bars is None else [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in bars]
        self._highlighted = []
        if bars is not None:
            _draw_density(axes, self._sizes, weights, self.bars)
            twin = axes.twinx()
            _draw_cumulative(twin, self._sizes, weights)
            self._fill(axes)
            in_ink(twin, ink)
            twin.yaxis.label.set_color(CUMULATIVE)
        in_ink(axes, ink)

    def _fill(self, axes: "Axes") -> None:
        for artist in self._highlighted:
            artist.remove()
        chosen, weights = self._table["label"].isin(list(self._selected)).to_numpy(), self._table["weight"]
        edges = np.array([self.bars[0][0], *(high for _, high in self.bars)])
        counts = np.histogram(self._sizes[chosen], edges, weights=(weights / weights.mean()).to_numpy()[chosen])[0]
        bars = axes.bar(
            edges[:-1], counts, np.diff(edges), align="edge", color=HIGHLIGHT, edgecolor="white", linewidth=0.6
        )
        self._highlighted = list(bars)

    def _click(self, event: "Event") -> None:
        from matplotlib.backend_bases import LocationEvent

        if not isinstance(event, LocationEvent) or event.inaxes is None or event.xdata is None:
            self.picked.emit([])
            return
        inside = [number for number, (low, high) in enumerate(self.bars) if low <= event.xdata <= high]
        if inside:
            self.pick_bar(inside[0])
        else:
            self.picked.emit([])


def sizes_and_unit(table: pd.DataFrame, pixel_size_nm: float | None, measure: str) -> tuple[Floats, str]:
    """Sizes of a particle table in a suitable unit."""
    pixels = table[f"{measure}_px"].to_numpy(float)
    if pixel_size_nm is None:
        return pixels, "px"
    unit, factor = size_unit(float(np.median(pixels)) * pixel_size_nm if len(pixels) else 1.0)
    return pixels * pixel_size_nm * factor, unit


def _draw_density(axes: "Axes", sizes: Floats, weights: Floats, bars: list[tuple[float, float]]) -> None:
    """Kernel density on ln d, in particles per bar."""
    low, high = np.maximum(axes.get_xlim(), 1e-3 * sizes.min())
    x = np.geomspace(low, high, 300)
    density = log_density(sizes, x, weights)
    if density is None:
        return
    low, high = bars[0]
    per_bar = np.log(high / low) if axes.get_xscale() == "log" else (high - low) / x
    curve = len(sizes) * density * per_bar
    axes.plot(x, curve, color=DENSITY, lw=1.4, label="density")
    axes.set_ylim(0, max(axes.get_ylim()[1], 1.05 * curve.max()))
    axes.legend(frameon=False, fontsize=8, loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.1)


def _draw_cumulative(axes: "Axes", sizes: Floats, weights: Floats) -> None:
    order = np.argsort(sizes)
    shares = 100 * np.cumsum(weights[order]) / weights.sum()
    axes.step(sizes[order], shares, where="post", color=CUMULATIVE, lw=1.2)
    axes.set_ylim(0, 115)
    axes.set_yticks([0, 25, 50, 75, 100])
    axes.set_ylabel("Cumulative (%)", fontsize=9)
    axes.tick_params(labelsize=8)
    axes.spines[["top", "left"]].set_visible(False)
