"""The images of the project by their scale, so that a wrong one is seen."""

from collections.abc import Iterable

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from particleforge.widgets.bench.scale.facts import Level
from particleforge.widgets.form.editor import warning_colour
from particleforge.widgets.qt import present
from particleforge.wording import listed

COLUMNS = ("Scale", "Images", "From")
MOST_NAMES = 12
ROW_PX, LEAST_ROWS = 24, 4


class LevelsTable(QTableWidget):
    """A row per scale; `chosen` gives the names of its images when it is clicked."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, len(COLUMNS), parent)
        self.setHorizontalHeaderLabels(COLUMNS)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setShowGrid(False)
        self.setWordWrap(False)
        rows = present(self.verticalHeader())
        rows.hide()
        rows.setDefaultSectionSize(ROW_PX)
        self.setMinimumHeight(LEAST_ROWS * ROW_PX)
        header = present(self.horizontalHeader())
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(True)
        header.setHighlightSections(False)
        self._names: list[tuple[str, ...]] = []
        self.cellClicked.connect(self._choose)

    def show_levels(self, levels: Iterable[Level]) -> None:
        """Show other rows."""
        found = list(levels)
        self._names = [level.names for level in found]
        self.setRowCount(len(found))
        for row, level in enumerate(found):
            texts = (level.scale, str(len(level.names)), level.origin)
            for column, text in enumerate(texts):
                item = QTableWidgetItem(text)
                item.setToolTip(f"{listed(level.names, MOST_NAMES)}\nClick to select them.")
                if not level.good:
                    item.setForeground(warning_colour(self))
                if column == 1:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.setItem(row, column, item)

    def _choose(self, row: int, column: int) -> None:
        self.chosen.emit(self._names[row])
