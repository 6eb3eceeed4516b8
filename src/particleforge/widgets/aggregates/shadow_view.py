"""A digital shadow compared with a recipe or another shadow."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QComboBox, QFormLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from particleforge.errors import UserError
from particleforge.recipes.aggregate.recipe import Aggregate
from particleforge.widgets.aggregates.shadows import grown_descriptors, read_descriptors, read_recipe_of, shadows
from particleforge.widgets.background import Background
from particleforge.widgets.figure_view import FigureView
from particleforge.widgets.form.editor import guard_wheel
from particleforge.workflows.shadow import described, draw_histograms

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RECIPE = "the recipe above"
ACROSS, LINE_PX, LEGEND_PX = 2, 92, 24


class HistogramsView(FigureView):
    """Histograms of descriptors, several tables against each other."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(LINE_PX, parent)
        self.tables: Mapping[str, pd.DataFrame] = {}

    def show_tables(self, tables: Mapping[str, pd.DataFrame]) -> None:
        """Draw other tables, by name."""
        self.tables = tables
        self.set_height(-(-len(described(tables)) // ACROSS) * LINE_PX + LEGEND_PX)
        self.draw()

    def _draw(self, figure: "Figure", ink: QColor) -> None:
        draw_histograms(figure, self.tables, ACROSS, ink.name())


class ShadowView(QWidget):
    """Shows a shadow from the workspace; hidden while there is none.

    `requested` gives an `Aggregate` that is to be grown, and a name; `failed` a `UserError`.

    Parameters
    ----------
    recipe
        Returns the recipe to compare a shadow with.
    """

    requested = Signal(object, str)
    failed = Signal(object)

    def __init__(self, recipe: Callable[[], Aggregate]) -> None:
        super().__init__()
        self._recipe = recipe
        self.shadow, self.against, self.plot = _box(), _box(), HistogramsView(self)
        self.use = QPushButton("Use this recipe")
        self.use.setToolTip("Load the shadow's recipe into the form above and show its aggregates.")
        lines = QFormLayout()
        lines.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        lines.addRow("Shadow", self.shadow)
        lines.addRow("Compare with", self.against)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addLayout(lines)
        box.addWidget(self.use)
        box.addWidget(self.plot)
        self._background = Background()
        self._background.done.connect(self.plot.show_tables)
        self._background.failed.connect(self.failed)
        self.use.clicked.connect(self._use)
        for chooser in (self.shadow, self.against):
            chooser.currentIndexChanged.connect(self.compare)
        self.hide()

    def refresh(self) -> None:
        """Update the shadows offered."""
        found = [(folder.name, str(folder)) for folder in shadows()]
        for chooser, first in ((self.shadow, []), (self.against, [(RECIPE, "")])):
            offered = [*first, *found]
            if offered != [(chooser.itemText(i), chooser.itemData(i)) for i in range(chooser.count())]:
                _offer(chooser, offered)
        was_hidden = self.isHidden()
        self.setVisible(bool(found))
        if was_hidden:
            self.compare()

    def show_shadow(self, folder: Path) -> None:
        """Show a newly grown shadow."""
        self.refresh()
        with QSignalBlocker(self.shadow):
            self.shadow.setCurrentIndex(self.shadow.findData(str(folder)))
        self.compare()

    def follow(self) -> None:
        """Compare again with a recipe that has changed."""
        if not self.against.currentData():
            self.compare()

    def compare(self, *_: object) -> None:
        """Draw the chosen shadow and what it is compared with."""
        if self.isHidden() or not self.shadow.currentData():
            return
        chosen = Path(self.shadow.currentData())
        other = Path(self.against.currentData()) if self.against.currentData() else None
        try:
            recipe = self._recipe() if other is None else None
        except UserError:  # invalid, as its form shows
            recipe = None

        def work(outdated: Callable[[], bool]) -> dict[str, pd.DataFrame]:
            tables = {chosen.name: read_descriptors(chosen)}
            if other is not None:
                tables.setdefault(other.name, read_descriptors(other))
            elif recipe is not None:
                tables[RECIPE] = grown_descriptors(recipe, outdated)
            return tables

        self._background.run(work)

    def stop(self) -> None:
        """Drop the current request."""
        self._background.drop()

    def _use(self) -> None:
        folder = Path(self.shadow.currentData())
        try:
            self.requested.emit(read_recipe_of(folder), folder.name)
        except UserError as error:
            self.failed.emit(error)


def _box() -> QComboBox:
    box = QComboBox()
    box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    guard_wheel(box)
    return box


def _offer(box: QComboBox, offered: list[tuple[str, str]]) -> None:
    """Offer other choices; the chosen one stays, if it is among them."""
    chosen = box.currentData()
    with QSignalBlocker(box):
        box.clear()
        for text, value in offered:
            box.addItem(text, value)
        box.setCurrentIndex(max(box.findData(chosen), 0))
