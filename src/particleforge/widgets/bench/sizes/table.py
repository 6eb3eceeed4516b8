"""The table of particles: virtual, sortable, with the columns a person wants."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from qtpy.QtCore import QAbstractTableModel, QItemSelection, QItemSelectionModel, QModelIndex, QPoint, Qt, Signal
from qtpy.QtGui import QColor, QGuiApplication, QKeyEvent, QKeySequence, QPalette
from qtpy.QtWidgets import QAbstractItemView, QMenu, QTableView, QWidget

from particleforge.measurement.column import Column
from particleforge.widgets.bench.sizes.columns import (
    FIRST,
    REASON,
    as_tsv,
    cell,
    head,
    offered,
    shown_columns,
    unit_sign,
)
from particleforge.widgets.qt import present

LEAST_PX = 110
_SEEN_ROWS = 60
"""Rows that decide how wide a column is."""


class TableModel(QAbstractTableModel):
    """Particles in rows; cells are made into text when they are painted."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.table = pd.DataFrame({"image": [], "label": [], "weight": []})
        self.wanted: Sequence[str] = FIRST
        self.columns: dict[str, Column] = {}
        self._arrays: list[npt.NDArray[Any]] = []
        self.order: npt.NDArray[np.int64] = np.zeros(0, np.int64)
        self._counts: npt.NDArray[np.bool_] = np.zeros(0, bool)
        self._sorted = ("", True)
        self._widget = parent

    def show_rows(self, table: pd.DataFrame) -> None:
        """Show another table, sorted as before."""
        self.beginResetModel()
        self.table = table
        self._take()
        self.endResetModel()

    def show_columns(self, wanted: Sequence[str]) -> None:
        """Show other properties."""
        self.beginResetModel()
        self.wanted = tuple(wanted)
        self._take()
        self.endResetModel()

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:
        """Count the particles."""
        return 0 if parent.isValid() else len(self.order)

    def columnCount(self, parent: QModelIndex = QModelIndex()) -> int:
        """Count the columns shown."""
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Content of a cell; grey where the particle does not count, with the reason as its tip."""
        row = self.order[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return cell(self._arrays[index.column()][row])
        if role == Qt.ItemDataRole.TextAlignmentRole:
            text = self._arrays[index.column()].dtype == object
            side = Qt.AlignmentFlag.AlignLeft if text else Qt.AlignmentFlag.AlignRight
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        if not self._counts[row]:
            if role == Qt.ItemDataRole.ForegroundRole:
                return self._grey()
            if role == Qt.ItemDataRole.ToolTipRole and REASON in self.table:
                return f"Not counted: {self.table[REASON].iat[row]}"
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Name of a column, or what it means."""
        if orientation != Qt.Orientation.Horizontal or section >= len(self.columns):
            return None
        name, column = list(self.columns.items())[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return head(name, column, short=True)
        return f"{head(name, column)}: {column.meaning}" if role == Qt.ItemDataRole.ToolTipRole else None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column."""
        if 0 <= column < len(self.columns):
            self.beginResetModel()
            self._sorted = (list(self.columns)[column], order == Qt.SortOrder.AscendingOrder)
            self._arrange()
            self.endResetModel()

    def particles(self, rows: Sequence[int]) -> dict[str, list[int]]:
        """Labels by image of rows as they are shown."""
        chosen = self.table.iloc[self.order[list(rows)]]
        found: dict[str, list[int]] = {}
        for image, label in zip(chosen["image"], chosen["label"], strict=True):
            found.setdefault(str(image), []).append(int(label))
        return found

    def rows_of(self, particles: Mapping[str, Collection[int]]) -> npt.NDArray[np.int64]:
        """Rows, as they are shown, of labels by image, in ascending order."""
        inside = np.zeros(len(self.table), bool)
        for image, ids in particles.items():
            inside |= (self.table["image"] == image).to_numpy() & self.table["label"].isin(list(ids)).to_numpy()
        return np.flatnonzero(inside[self.order])

    def text(self, rows: Sequence[int] | None = None) -> str:
        """Rows as they are shown, as tab-separated text with heads; None: all."""
        order = self.order if rows is None else self.order[list(rows)]
        return as_tsv(self.table.iloc[order], self.columns)

    def _take(self) -> None:
        self.columns = shown_columns(self.table, self.wanted) if "label" in self.table else {}
        self._arrays = [self.table[name].to_numpy() for name in self.columns]
        self._counts = (self.table["weight"] > 0).to_numpy()
        self._arrange()

    def _arrange(self) -> None:
        name, rising = self._sorted
        if name not in self.table:
            self.order = np.arange(len(self.table))
            return
        found = self.table[name].reset_index(drop=True).sort_values(ascending=rising, kind="stable")
        self.order = found.index.to_numpy(np.int64)

    def _grey(self) -> QColor:
        colour = self._widget.palette().color(QPalette.ColorRole.WindowText)
        colour.setAlphaF(0.45)
        return colour


class ParticleTable(QTableView):
    """Shows particles; `picked` gives the labels of selected rows by image, `removed` those that Delete is to remove.

    `chosen` gives the names of the properties after others were chosen in the menu of the heads.
    """

    picked = Signal(object)
    removed = Signal(object)
    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = TableModel(self)
        self.setModel(self.rows)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setWordWrap(False)
        side, top = present(self.verticalHeader()), present(self.horizontalHeader())
        side.hide()
        side.setDefaultSectionSize(self.fontMetrics().height() + 6)
        top.setResizeContentsPrecision(_SEEN_ROWS)
        top.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        top.customContextMenuRequested.connect(self._ask_columns)
        top.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)
        self._selection = present(self.selectionModel())
        self._selection.selectionChanged.connect(self._pick)
        self._setting = False
        self.setMinimumHeight(LEAST_PX)

    def show_rows(self, table: pd.DataFrame) -> None:
        """Show another table."""
        before = list(self.rows.columns)
        self._setting = True
        self.rows.show_rows(table)
        self._setting = False
        if list(self.rows.columns) != before:
            self.resizeColumnsToContents()

    def show_columns(self, wanted: Sequence[str]) -> None:
        """Show other properties, by name."""
        self._setting = True
        self.rows.show_columns(wanted)
        self._setting = False
        self.resizeColumnsToContents()

    def highlight(self, particles: Mapping[str, Collection[int]]) -> None:
        """Select the rows of labels by image, and scroll to the first."""
        rows, selection, last = self.rows.rows_of(particles), QItemSelection(), self.rows.columnCount() - 1
        for part in np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1) if len(rows) else ():
            first, end = int(part[0]), int(part[-1])
            selection.append(QItemSelection(self.rows.index(first, 0), self.rows.index(end, last))[0])
        self._setting = True
        self._selection.select(selection, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        self._setting = False
        if len(rows):
            self.scrollTo(self.rows.index(int(rows[0]), 0))

    def selected_rows(self) -> list[int]:
        """Rows that are selected, as they are shown, in ascending order."""
        found: list[int] = []
        parts = self._selection.selection()
        for place in range(len(parts)):
            found += range(parts[place].top(), parts[place].bottom() + 1)
        return sorted(set(found))

    def copy(self) -> int:
        """Copy the selected rows, or all if none is selected, with heads; return their number."""
        rows = self.selected_rows() or None
        present(QGuiApplication.clipboard()).setText(self.rows.text(rows))
        return self.rows.rowCount() if rows is None else len(rows)

    def column_menu(self) -> QMenu:
        """Return a menu with all properties, by title and unit."""
        menu = QMenu(self)
        for name, column in offered(self.rows.table).items():
            if column.name in ("image", "group"):
                continue
            unit = unit_sign(column.unit(name))
            title = f"{column.title[:1].upper()}{column.title[1:]}"
            action = present(menu.addAction(f"{title} ({unit})" if unit else title))
            action.setCheckable(True)
            action.setChecked(column.name in self.rows.wanted)
            action.setToolTip(column.meaning)
            action.setData(column.name)
        menu.setToolTipsVisible(True)
        menu.triggered.connect(self._choose)
        return menu

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Copy by Ctrl+C, remove by Delete."""
        if event is not None and event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif event is not None and event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            if rows := self.selected_rows():
                self.removed.emit(self.rows.particles(rows))
        else:
            super().keyPressEvent(event)

    def _choose(self, action: Any) -> None:
        name, wanted = action.data(), [*self.rows.wanted]
        wanted = [*wanted, name] if name not in wanted else [one for one in wanted if one != name]
        self.show_columns(wanted)
        self.chosen.emit(wanted)

    def _ask_columns(self, place: QPoint) -> None:
        self.column_menu().popup(present(self.horizontalHeader()).mapToGlobal(place))

    def _pick(self, *_: object) -> None:
        if not self._setting:
            self.picked.emit(self.rows.particles(self.selected_rows()))
