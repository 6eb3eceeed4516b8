"""The particle table."""

from collections.abc import Iterable
from typing import Any

import pandas as pd
from qtpy.QtCore import QAbstractTableModel, QItemSelection, QItemSelectionModel, QModelIndex, Qt, Signal
from qtpy.QtWidgets import QAbstractItemView, QTableView, QWidget

from particleforge.measurement.column import Column
from particleforge.measurement.columns import LABEL, columns
from particleforge.widgets.qt import present

PLANE = Column("plane", "count", "plane", "Plane of the stack.", heading="Plane", place=LABEL.place)


class TableModel(QAbstractTableModel):
    """Rows of a particle table, sorted by a click on a header."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.rows = pd.DataFrame({"label": []})
        self._shown = shown(self.rows)
        self._order = ("label", True)

    def show_rows(self, table: pd.DataFrame) -> None:
        """Show another table."""
        self._shown = shown(table)
        self.beginResetModel()
        self.rows = table[list(self._shown)]
        self._sort()
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """Count the particles."""
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        """Count the properties shown."""
        return 0 if parent is not None and parent.isValid() else len(self.rows.columns)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Give the text of a cell."""
        if role == Qt.ItemDataRole.DisplayRole:
            return _text(self.rows.iat[index.row(), index.column()])
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> str | None:
        """Name a column."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        name = str(self.rows.columns[section])
        column = self._shown[name]
        if role == Qt.ItemDataRole.ToolTipRole:
            return column.meaning
        unit = column.unit(name)
        title = f"{column.heading} [{unit}]" if unit else column.heading
        return title if role == Qt.ItemDataRole.DisplayRole else None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column."""
        if not 0 <= column < len(self.rows.columns):
            return
        self._order = (str(self.rows.columns[column]), order == Qt.SortOrder.AscendingOrder)
        self.beginResetModel()
        self._sort()
        self.endResetModel()

    def _sort(self) -> None:
        name, rising = self._order
        if name in self.rows:
            self.rows = self.rows.sort_values(name, ascending=rising, kind="stable")


def shown(table: pd.DataFrame) -> dict[str, Column]:
    """Columns with a heading, by their names in a table; in nm if available, with the plane if there are several."""
    several = "plane" in table and table["plane"].nunique() > 1
    found: dict[str, Column] = {}
    for column in (*columns().values(), *((PLANE,) if several else ())):
        there = [name for name in column.names if name in table]
        if column.heading and there:
            found[there[-1]] = column
    return dict(sorted(found.items(), key=lambda item: item[1].place))


class ParticleTable(QTableView):
    """Shows particles; `picked` gives the ids of the rows the user selects."""

    picked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = TableModel(self)
        self.setModel(self._model)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setSortingEnabled(True)
        self.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        rows, self._chosen = present(self.verticalHeader()), present(self.selectionModel())
        rows.hide()
        rows.setDefaultSectionSize(self.fontMetrics().height() + 6)
        self._chosen.selectionChanged.connect(self._emit_picked)
        self._setting = False
        self.setMinimumHeight(120)

    def show_rows(self, table: pd.DataFrame) -> None:
        """Show another table."""
        self._setting = True
        self._model.show_rows(table)
        self._setting = False
        self.resizeColumnsToContents()

    def ids(self) -> list[int]:
        """Ids in the order of the rows."""
        return [int(number) for number in self._model.rows["label"]]

    def highlight(self, ids: Iterable[int]) -> None:
        """Select rows by their ids and scroll to the first."""
        wanted, selection = set(ids), QItemSelection()
        rows = [row for row, number in enumerate(self.ids()) if number in wanted]
        last = self._model.columnCount() - 1
        for row in rows:
            selection.select(self._model.index(row, 0), self._model.index(row, last))
        self._setting = True
        self._chosen.select(selection, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        self._setting = False
        if rows:
            self.scrollTo(self._model.index(rows[0], 0))

    def _emit_picked(self) -> None:
        if not self._setting:
            ids = self.ids()
            self.picked.emit([ids[index.row()] for index in self._chosen.selectedRows()])


def _text(value: Any) -> str:
    if isinstance(value, float):
        return "" if pd.isna(value) else f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"
    return ("yes" if value else "") if str(value) in ("True", "False") else str(value)
