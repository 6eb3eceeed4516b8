"""The plot of the step Sizes, and what can be chosen of it."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QVBoxLayout, QWidget

from particleforge.widgets.bench.buttons import quiet
from particleforge.widgets.bench.sizes.canvas import Canvas
from particleforge.widgets.bench.sizes.drawing import Bar, Kind, Look, Weighting, draw
from particleforge.widgets.bench.sizes.shown import Shown, Summary
from particleforge.widgets.form.editor import guard_wheel

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEAST_PX = 300
_LARGER = "Larger: put the plot below the image, in the full width of the window."
_BACK = "Put the plot back into the step Sizes."
KINDS: dict[Kind, str] = {"histogram": "Distribution", "cumulative": "Cumulative", "values": "Over groups"}
WEIGHTINGS: dict[Weighting, str] = {"number": "by number", "volume": "by volume"}


class SizesPlot(QWidget):
    """Draws what is shown; `picked` gives the labels in a clicked bar by image, `undocked` asks for more room.

    Its choosers `kind` and `weighting`, and the button `dock`, are laid out by whoever shows it.
    """

    picked = Signal(object)
    undocked = Signal()
    failed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown = Shown()
        self._summary: Summary | None = None
        self._selected: Mapping[str, Collection[int]] = {}
        self.kind, self.weighting = QComboBox(self), QComboBox(self)
        self.kind.setToolTip("What is drawn of the sizes.")
        self.weighting.setToolTip("Whether each particle counts once, or by its volume.")
        for text in WEIGHTINGS.values():
            self.weighting.addItem(text)
        self.kinds: list[Kind] = []
        self._offer()
        self._look = self.look  # for the thread that draws: it must not ask widgets
        self.dock = quiet("", "figure", _LARGER)
        self.canvas: Canvas[list[Bar]] = Canvas(self._draw, LEAST_PX, self)
        self._lay_out()
        for chooser in (self.kind, self.weighting):
            guard_wheel(chooser)
            chooser.currentIndexChanged.connect(self._choose)
        self.canvas.clicked.connect(self._click)
        self.canvas.failed.connect(self.failed)
        self.dock.clicked.connect(self.undocked)

    def _lay_out(self) -> None:
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.canvas, 1)

    @property
    def look(self) -> Look:
        """How sizes are drawn, but for the ink."""
        return Look(self.kinds[max(self.kind.currentIndex(), 0)], list(WEIGHTINGS)[self.weighting.currentIndex()])

    def show_sizes(self, shown: Shown, summary: Summary | None) -> None:
        """Draw what is shown; its intervals follow if there is no summary yet."""
        self._shown, self._summary = shown, summary
        self._offer()
        self._look = self.look
        self.canvas.refresh()

    def highlight(self, selected: Mapping[str, Collection[int]]) -> None:
        """Fill the part of each bar that is selected: labels by image."""
        if selected != self._selected:
            self._selected = selected
            self.canvas.refresh()

    def pick(self, size: float) -> None:
        """Emit the labels of the bar at a size in the unit shown, as a click on it does."""
        picture = self.canvas.picture
        bars = [] if picture is None else picture.marks
        bar = next((one for one in bars if one.low <= size < one.high or (one.last and size == one.high)), None)
        self.picked.emit({} if bar is None else labels_in(self._shown, bar))

    def set_docked(self, elsewhere: bool) -> None:
        """Say where the button brings the plot."""
        self.dock.setToolTip(_BACK if elsewhere else _LARGER)
        self.dock.setDown(elsewhere)

    def _offer(self) -> None:
        """Offer the kinds that can be drawn; the chosen one stays if it is one of them."""
        kinds = [kind for kind in KINDS if kind != "values" or self._shown.values]
        if kinds == self.kinds:
            return
        chosen = self.kinds[self.kind.currentIndex()] if self.kinds else kinds[0]
        self.kind.blockSignals(True)
        self.kind.clear()
        self.kind.addItems([KINDS[kind] for kind in kinds])
        self.kinds = kinds
        self.kind.setCurrentIndex(kinds.index(chosen) if chosen in kinds else 0)
        self.kind.blockSignals(False)

    def _choose(self) -> None:
        self._look = self.look
        self.weighting.setEnabled(self._look.kind != "values")
        self.canvas.refresh()

    def _draw(self, figure: "Figure", ink: str) -> "tuple[Axes, list[Bar]]":
        look = self._look
        return draw(figure, self._shown, self._summary, Look(look.kind, look.weighting, ink), self._selected)

    def _click(self, place: tuple[float, float] | None) -> None:
        if place is None:
            self.picked.emit({})
        else:
            self.pick(place[0])


def labels_in(shown: Shown, bar: Bar) -> dict[str, list[int]]:
    """Return the labels by image of the particles that count and whose size is in a bar."""
    found: dict[str, list[int]] = {}
    for group in shown.drawn:
        table = group.table[group.table["weight"] > 0]
        sizes = table[f"{shown.rules.size}_{group.sizes.unit}"].to_numpy(float) * shown.scale.factor
        near = 1e-12 * bar.high
        inside = (sizes >= bar.low - near) & ((sizes <= bar.high + near) if bar.last else (sizes < bar.high))
        for image, label in zip(table["image"][inside], table["label"][inside].to_numpy(np.int64), strict=True):
            found.setdefault(str(image), []).append(int(label))
    return found
