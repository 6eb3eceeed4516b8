"""Sizes before and after a warp, side by side."""

import numpy as np
from qtpy.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from particleforge.widgets.augment.sizes import SIGNS, SizeShift
from particleforge.widgets.curve_plot import Axis, Curve, CurvePlot, round_steps
from particleforge.widgets.kde import log_density
from particleforge.widgets.message import Message

POINTS, MARGIN = 200, 1.15


class SizesView(QWidget):
    """Densities of ln d, figures and their difference; hidden while there is nothing to compare."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.plot, self.distance = CurvePlot(self), Message(self)
        self.figures: dict[str, tuple[QLabel, QLabel]] = {}
        self._grid = QGridLayout()
        for column, text in enumerate(("Sizes", "before", "after")):
            self._grid.addWidget(QLabel(f"<b>{text}</b>", self), 0, column)
        self._grid.setColumnStretch(0, 1)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addLayout(self._grid)
        box.addWidget(self.plot)
        box.addWidget(self.distance)
        self.hide()

    def show_shift(self, shift: SizeShift | None) -> None:
        """Show another comparison, or none."""
        self.setVisible(shift is not None)
        if shift is None:
            return
        for name, before, after in shift.rows():
            for label, text in zip(self._labels(name), (before, after), strict=True):
                label.setText(text)
        self.plot.show_curves(*_curves(shift))
        distance = shift.distance
        self.distance.report("" if distance is None else f"Sizes differ by about {100 * np.expm1(distance):.0f} %.")
        self.distance.setToolTip("" if distance is None else f"Wasserstein distance of ln d: {distance:.3f}.")

    def _labels(self, name: str) -> tuple[QLabel, QLabel]:
        if name not in self.figures:
            row = len(self.figures) + 1
            self._grid.addWidget(QLabel(name, self), row, 0)
            self.figures[name] = QLabel(self), QLabel(self)
            for column, label in enumerate(self.figures[name], start=1):
                self._grid.addWidget(label, row, column)
        return self.figures[name]


def _curves(shift: SizeShift) -> tuple[list[Curve], Axis]:
    """Densities over ln d, with ticks at round diameters."""
    every = np.concatenate([shift.before, shift.after])
    name = f"Diameter ({SIGNS.get(shift.unit, shift.unit)})"
    if not len(every):
        return [], Axis(name, ())
    low, high = every.min() / MARGIN, every.max() * MARGIN
    at = np.geomspace(low, high, POINTS)
    found = {"before": log_density(shift.before, at), "after": log_density(shift.after, at)}
    curves = [
        Curve(what, list(zip(np.log(at).tolist(), density.tolist(), strict=True)))
        for what, density in found.items()
        if density is not None
    ]
    return curves, Axis(name, [(float(np.log(d)), f"{d:g}") for d in round_steps(low, high) if d > 0])
