"""The images of the project as a list: thumbnail, name, scale, what was found, group."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from qtpy.QtCore import (
    QAbstractTableModel,
    QItemSelection,
    QModelIndex,
    QPoint,
    QSize,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QLineEdit, QMenu, QTableView, QVBoxLayout, QWidget

from particleforge.store.project import Project, groups_from_names
from particleforge.widgets.background import Background, Outdated
from particleforge.widgets.bench.rows import Row, read_row, with_thumbnail
from particleforge.widgets.bench.state import State
from particleforge.widgets.form.editor import warning_colour
from particleforge.widgets.qt import present
from particleforge.widgets.unexpected import shown_by
from particleforge.wording import named, plural

COLUMNS = ("Image", "Scale", "Found", "Sure", "Certain", "Group")
NAME, SCALE, FOUND, SURE, CERTAINTY, GROUP = range(len(COLUMNS))
TIPS = (
    "Name of the image. Click to show it; PageUp and PageDown go through.",
    "Width of a pixel.",
    "Number of particles found in it.",
    "Number of particles that you have confirmed, drawn or corrected: detectors learn from them.",
    "How sure the detector is of what it found, on a scale from 0 to 1.",
    "Sample, time, temperature or whatever images are compared by. Double-click to change it, for all selected images.",
)
WIDTHS_PX = {SCALE: 78, FOUND: 46, SURE: 40, CERTAINTY: 56, GROUP: 62}
THUMBNAIL_PX, HEIGHT_PX = 32, 190
SORT = Qt.ItemDataRole.UserRole


class Images(QAbstractTableModel):
    """The rows of a project; what is not known yet is filled in by a thread."""

    renamed = Signal(int, str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.rows: list[Row] = []
        self.shown = ""
        self._palette_of = parent

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:
        """Count the images."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: QModelIndex = QModelIndex()) -> int:
        """Count the columns."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Name of a column, or what it means."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        return {Qt.ItemDataRole.DisplayRole: COLUMNS[section], Qt.ItemDataRole.ToolTipRole: TIPS[section]}.get(
            Qt.ItemDataRole(role)
        )

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Content of a cell."""
        row, column = self.rows[index.row()], index.column()
        match Qt.ItemDataRole(role) if role != SORT else SORT:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
                return _text(row, column)
            case Qt.ItemDataRole.UserRole:
                return _key(row, column)
            case Qt.ItemDataRole.DecorationRole if column == NAME:
                return _icon(row)
            case Qt.ItemDataRole.ToolTipRole:
                return row.problem or (row.name if column == NAME else TIPS[column])
            case Qt.ItemDataRole.ForegroundRole if row.problem or (column == SCALE and row.pixel_size_nm is None):
                return warning_colour(self._palette_of)
            case Qt.ItemDataRole.FontRole if row.name == self.shown:
                font = self._palette_of.font()
                font.setBold(True)
                return font
            case Qt.ItemDataRole.TextAlignmentRole if column in (SCALE, FOUND, SURE, CERTAINTY):
                return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        """Let groups be edited."""
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsEditable if index.column() == GROUP else flags

    def setData(self, index: QModelIndex, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Pass on a new group."""
        if role != Qt.ItemDataRole.EditRole or index.column() != GROUP:
            return False
        self.renamed.emit(index.row(), str(value).strip())
        return True

    def set_rows(self, rows: list[Row]) -> None:
        """Show other images."""
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def change(self, row: Row) -> None:
        """Show what has become known of an image."""
        for place, before in enumerate(self.rows):
            if before.name == row.name:
                self.rows[place] = replace(row, thumbnail=row.thumbnail or before.thumbnail)
                self.dataChanged.emit(self.index(place, 0), self.index(place, len(COLUMNS) - 1))
                return

    def mark(self, name: str) -> None:
        """Emphasise the image that is shown."""
        self.shown = name
        if self.rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.rows) - 1, NAME))


class Strip(QWidget):
    """Shows the images of a project; a click on one shows it, several can be selected."""

    def __init__(self, state: State) -> None:
        super().__init__()
        self._state = state
        self.model = Images(self)
        self._sorted = QSortFilterProxyModel(self)
        self._sorted.setSourceModel(self.model)
        self._sorted.setSortRole(SORT)
        self._sorted.setFilterKeyColumn(-1)
        self._sorted.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.filter = QLineEdit(self)
        self.filter.setPlaceholderText("Filter by name or group")
        self.filter.setClearButtonEnabled(True)
        self.filter.textChanged.connect(self._sorted.setFilterFixedString)
        self.table = self._table()
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(2)
        box.addWidget(self.table)
        box.addWidget(self.filter)
        self._background = _Reader()
        self._background.row_read.connect(self._change)
        self.model.renamed.connect(self._rename)
        state.project_changed.connect(self.refresh)
        state.rows_changed.connect(self.read)
        state.work_changed.connect(self._mark)
        self.refresh()

    def refresh(self) -> None:
        """Show the images of the project as they are now."""
        project = self._state.project
        images = () if project is None else project.images
        before = {row.name: row for row in self.model.rows}
        self.model.set_rows([before.get(image.name, Row(image.name, None, image.group)) for image in images])
        self.filter.setVisible(len(images) > 6)
        self._background.forget()
        self.read([image.name for image in images])
        self._mark()

    def read(self, names: Sequence[str]) -> None:
        """Read again what is known of images."""
        work, project = self._state.work, self._state.project
        if work is not None and names == [work.name] and project is not None:
            origin = work.origin_now if work.searched else None
            self._change(Row(work.name, work.pixel_size_nm, project[work.name].group, origin))
        elif project is not None:
            self._background.read(project, list(names))

    def give_room(self, height_px: int) -> None:
        """Take a quarter of the height of the bench, if that is more than usual."""
        self.table.setFixedHeight(max(HEIGHT_PX, height_px // 4))

    def close_down(self) -> None:
        """Stop reading."""
        self._background.drop()

    def _change(self, row: Row) -> None:
        """Show what has become known of an image, with what a search could not do there."""
        self.model.change(replace(row, problem=row.problem or self._state.problems.get(row.name, "")))

    def _table(self) -> QTableView:
        table = QTableView(self)
        table.setModel(self._sorted)
        table.setSortingEnabled(True)
        table.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        table.setIconSize(QSize(THUMBNAIL_PX, THUMBNAIL_PX))
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        rows, header = present(table.verticalHeader()), present(table.horizontalHeader())
        rows.hide()
        rows.setDefaultSectionSize(THUMBNAIL_PX + 4)
        header.setMinimumSectionSize(30)
        for column, width_px in WIDTHS_PX.items():
            header.resizeSection(column, width_px)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        header.setHighlightSections(False)
        table.setFixedHeight(HEIGHT_PX)
        present(table.selectionModel()).selectionChanged.connect(self._select)
        table.clicked.connect(self._click)
        table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        table.customContextMenuRequested.connect(self._offer)
        return table

    def _click(self, index: QModelIndex) -> None:
        self._state.show(self._name(index))

    def _name(self, index: QModelIndex) -> str:
        return self.model.rows[self._sorted.mapToSource(index).row()].name

    def _select(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        rows = present(self.table.selectionModel()).selectedRows()
        names = [self._name(index) for index in rows]
        self._state.select(names)
        if len(names) == 1:
            self._state.show(names[0])

    def menu(self) -> QMenu:
        """Return what can be done with the selected images."""
        menu, these = QMenu(self), plural(len(self._state.selected), "selected image")
        menu.addAction("Enter a group…", self.edit_group)
        if proposed := groups_from_names(self._state.names):
            groups = named(list(dict.fromkeys(proposed.values())), "group")
            menu.addAction(f"Set groups from names: {groups}", self.set_groups_from_names)
        menu.addSeparator()
        menu.addAction(f"Remove {these} from the project (files stay)", self.remove_selected)
        return menu

    def edit_group(self) -> None:
        """Edit the group of the image that is shown, and of those selected with it."""
        for place, row in enumerate(self.model.rows):
            if row.name == self._state.current:
                self.table.edit(self._sorted.mapFromSource(self.model.index(place, GROUP)))

    def _offer(self, place: QPoint) -> None:
        self.menu().popup(present(self.table.viewport()).mapToGlobal(place))

    def set_groups_from_names(self) -> None:
        """Put each image into the group that its name begins with."""
        groups = groups_from_names(self._state.names)
        if self._state.project is None:
            return
        with shown_by(self._state.failed.emit):
            self._state.project.set_groups(groups)
        self._state.rows_changed.emit(list(groups))

    def remove_selected(self) -> None:
        """Remove the selected images from the project; their files stay."""
        with shown_by(self._state.failed.emit):
            self._state.remove(self._state.selected)

    def _mark(self) -> None:
        """Emphasise the image that is shown, and scroll to it."""
        name = self._state.current
        self.model.mark(name)
        for place, row in enumerate(self.model.rows):
            if row.name == name:
                self.table.scrollTo(self._sorted.mapFromSource(self.model.index(place, NAME)))

    def _rename(self, place: int, group: str) -> None:
        """Put an image, and those selected with it, into another group."""
        name = self.model.rows[place].name
        names = self._state.selected if name in self._state.selected else [name]
        if self._state.project is None:
            return
        with shown_by(self._state.failed.emit):
            self._state.project.set(names, group=group)
        self._state.rows_changed.emit(names)


class _Reader(Background):
    """Reads rows in a thread, and passes them on one by one; pictures, which take longest, come last."""

    row_read = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._waiting: list[str] = []

    def read(self, project: Project, names: list[str]) -> None:
        """Read the rows of images, and of those that an earlier call has not come to."""
        waiting = self._waiting = [*names, *(name for name in self._waiting if name not in names)]

        def work(outdated: Outdated) -> None:
            rows = []
            for name in waiting:
                if outdated():
                    return
                if name in project.names:
                    rows.append(read_row(project, name))
                    self.row_read.emit(rows[-1])
            for row in rows:
                if outdated():
                    return
                if not row.problem:
                    self.row_read.emit(with_thumbnail(project, row))
                waiting.remove(row.name)

        self.run(work)

    def forget(self) -> None:
        """Drop what is waiting: another project is shown."""
        self.drop()
        self._waiting = []


def _text(row: Row, column: int) -> str:
    certainty = "" if row.certainty is None else f"{row.certainty:.2f}"
    found = "" if row.found is None else str(row.found)
    return (row.name, row.scale, found, str(row.sure or ""), certainty, row.group)[column]


def _key(row: Row, column: int) -> Any:
    """Return what a column is sorted by."""
    numbers = {SCALE: row.pixel_size_nm, FOUND: row.found, SURE: row.sure, CERTAINTY: row.certainty}
    return (-1.0 if numbers[column] is None else numbers[column]) if column in numbers else _text(row, column)


def _icon(row: Row) -> QIcon:
    return _picture("" if row.thumbnail is None else str(row.thumbnail))


@lru_cache(maxsize=1024)
def _picture(file: str) -> QIcon:
    """Read a thumbnail; empty: a grey square."""
    if file:
        return QIcon(QPixmap(file))
    blank = QPixmap(THUMBNAIL_PX, THUMBNAIL_PX)
    blank.fill(QColor(128, 128, 128, 60))
    return QIcon(blank)
