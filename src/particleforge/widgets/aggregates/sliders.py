"""Sliders for the parameters of an aggregate."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from qtpy.QtCore import QSignalBlocker, QSize, Qt, Signal
from qtpy.QtWidgets import QGridLayout, QLabel, QSlider, QWidget

from particleforge.recipes.aggregate.recipe import Aggregate
from particleforge.recipes.fields import raw, value_of
from particleforge.widgets.aggregates.grown import Grown
from particleforge.widgets.form.editor import guard_wheel


@dataclass(frozen=True)
class Dial:
    """A parameter that is drawn once per image.

    Parameters
    ----------
    name
        Its place in the recipe, see `value_of`.
    text
        Its label.
    low, high, step
        Its range and step.
    """

    name: str
    text: str
    low: float
    high: float
    step: float


def dials(recipe: Aggregate) -> Iterator[Dial]:
    """Parameters of a recipe that have a slider."""
    yield Dial("growth.particles", "Particles", 1, 300, 1)
    yield Dial("growth.fractal_dimension", "Fractal dimension", 1, 3, 0.01)
    yield Dial("growth.overlap", "Overlap", 0, 0.5, 0.01)
    if len(recipe.materials) < 2:
        return
    for number, material in enumerate(recipe.materials):
        if material.share is not None:
            yield Dial(f"materials.{number}.share", f"Share of {material.name}", 0, 1, 0.01)
        yield Dial(f"materials.{number}.cluster_size", f"Cluster size of {material.name}", 1, 20, 1)


class Sliders(QWidget):
    """Shows the numbers an aggregate was grown with; `moved` gives the name and value of one that is moved."""

    moved = Signal(str, float)

    def __init__(self) -> None:
        super().__init__()
        self.by_name: dict[str, DialSlider] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setColumnStretch(1, 1)
        self._grid.setVerticalSpacing(2)
        self._dials: list[Dial] = []
        self._data: dict[str, Any] = {}

    def set_recipe(self, recipe: Aggregate) -> None:
        """Show the parameters of a recipe; fixed numbers immediately."""
        if (wanted := list(dials(recipe))) != self._dials:
            self._lay_out(wanted)
        self._data = recipe.model_dump(mode="json")
        for name, slider in self.by_name.items():
            if isinstance(value := raw(self._data, name), (int, float)):
                slider.set_value(value)

    def set_drawn(self, grown: Grown) -> None:
        """Show the values drawn from distributions in the recipe."""
        for name, slider in self.by_name.items():
            if not isinstance(raw(self._data, name), (int, float)):
                slider.set_value(value_of(grown.sample.recipe, name))

    def _lay_out(self, wanted: list[Dial]) -> None:
        for slider in self.by_name.values():
            for widget in slider.row:
                self._grid.removeWidget(widget)
                widget.deleteLater()
        self.by_name.clear()
        self._dials = wanted
        for row, dial in enumerate(wanted):
            slider = self.by_name[dial.name] = DialSlider(dial, self)
            slider.moved.connect(self.moved)
            for column, widget in enumerate(slider.row):
                self._grid.addWidget(widget, row, column)


class DialSlider(QSlider):
    """A slider for a `Dial`, with its title and number; `moved` gives its name and value."""

    moved = Signal(str, float)

    def __init__(self, dial: Dial, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.dial = dial
        self.title, self.number = QLabel(dial.text, parent), QLabel(parent)
        self.number.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.number.setMinimumWidth(self.fontMetrics().horizontalAdvance("0.000"))
        self.setRange(0, round((dial.high - dial.low) / dial.step))
        self.setToolTip("Moving the slider sets this value in the recipe.")
        guard_wheel(self)
        self.valueChanged.connect(self._move)

    @property
    def row(self) -> tuple[QWidget, QWidget, QWidget]:
        """The widgets of its row, from left to right."""
        return self.title, self, self.number

    def minimumSizeHint(self) -> QSize:
        """Leave room for titles."""
        return QSize(60, super().minimumSizeHint().height())

    def set_value(self, value: float) -> None:
        """Show a number, even one beyond the ends."""
        with QSignalBlocker(self):
            self.setValue(round((value - self.dial.low) / self.dial.step))
        self._write(value)

    def _move(self, place: int) -> None:
        value = round(self.dial.low + place * self.dial.step, 6)
        self._write(value)
        self.moved.emit(self.dial.name, value)

    def _write(self, value: float) -> None:
        self.number.setText(f"{value:.0f}" if self.dial.step == 1 else f"{value:.2f}")
