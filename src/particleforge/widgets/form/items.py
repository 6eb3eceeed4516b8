"""Lists whose items can be added and removed."""

from collections.abc import Callable, Sequence
from typing import Any

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import QHBoxLayout, QToolButton, QVBoxLayout, QWidget
from typing_extensions import override

from particleforge.widgets.form.editor import Editor, Problem, inner
from particleforge.widgets.form.fields import Make
from particleforge.widgets.form.section import Body, Fold
from particleforge.widgets.form.spec import Spec, start


class Row(QWidget):
    """An item with a button that removes it; `removed` gives the row when that is clicked."""

    removed = Signal(object)

    def __init__(self, editor: Editor, parent: QWidget) -> None:
        super().__init__(parent)
        self.editor = editor
        button = QToolButton(self)
        button.setText("✕")
        button.setAutoRaise(True)
        button.setToolTip("Remove")
        button.clicked.connect(self._remove)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(editor, 1)
        layout.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)

    def _remove(self) -> None:
        self.removed.emit(self)


class RowsEditor(Editor):
    """Items one below the other, each with a button that removes it, and one that adds another.

    Parameters
    ----------
    make_item
        Returns the editor of an item.
    first
        Returns the value of a new item.
    """

    def __init__(self, make_item: Callable[[], Editor], first: Callable[[], Any]) -> None:
        super().__init__()
        self._make_item, self._first = make_item, first
        self.rows: list[Row] = []
        self._box.setContentsMargins(0, 0, 0, 0)
        self._rows = QVBoxLayout()
        self.add = QToolButton(self)
        self.add.setText("+ Add")
        self.add.clicked.connect(self._add)
        self._box.addLayout(self._rows)
        self._box.addWidget(self.add)

    @override
    def value(self) -> tuple[Any, ...]:
        return tuple(row.editor.value() for row in self.rows)

    @override
    def set_value(self, value: Sequence[Any]) -> None:
        while len(self.rows) > len(value):
            self._drop(self.rows[-1])
        while len(self.rows) < len(value):
            self._append()
        for row, item in zip(self.rows, value, strict=True):
            with QSignalBlocker(row.editor):
                row.editor.set_value(item)

    @override
    def mark(self, problems: Sequence[Problem]) -> None:
        for i, row in enumerate(self.rows):
            row.editor.mark(inner(problems, i))
        super().mark([problem for problem in problems if not problem[0]])

    def remove(self, row: Row) -> None:
        """Remove an item."""
        self._drop(row)
        self.changed.emit()

    def _add(self) -> None:
        self._append().set_value(self._first())
        self.changed.emit()

    def _append(self) -> Editor:
        row = Row(self._make_item(), self)
        row.removed.connect(self.remove)
        row.editor.changed.connect(self.changed)
        self._rows.addWidget(row)
        self.rows.append(row)
        return row.editor

    def _drop(self, row: Row) -> None:
        self.rows.remove(row)
        row.editor.blockSignals(True)
        row.hide()
        self._rows.removeWidget(row)
        row.setParent(None)
        row.deleteLater()


class ListEditor(Editor):
    """A collapsible tuple or list; its items are made when first opened."""

    spans = True

    def __init__(self, item: Spec, make: Make, title: str) -> None:
        super().__init__()
        self._item, self._make_item, self._title = item, make, title
        self._value: tuple[Any, ...] = ()
        self.fold = Fold(title, self)
        self.body = Body(self._make, self)
        self._box.addWidget(self.fold)
        self._box.addWidget(self.body)
        self.fold.opened.connect(self.body.show_content)

    @override
    def value(self) -> tuple[Any, ...]:
        return self._value if self.body.content is None else self.body.content.value()

    @override
    def set_value(self, value: Sequence[Any]) -> None:
        self._value = tuple(value)
        if self.body.content is not None:
            self.body.content.set_value(value)
        self._count()

    @override
    def mark(self, problems: Sequence[Problem]) -> None:
        self.fold.warn(bool(problems))
        content = self.body.content
        super().mark(problems if content is None else [])
        if content is not None:
            content.mark(problems)

    def _make(self) -> RowsEditor:
        rows = RowsEditor(lambda: self._make_item(self._item, ""), lambda: start(self._item))
        rows.set_value(self._value)
        rows.changed.connect(self._edited)
        return rows

    def _edited(self) -> None:
        self._count()
        self.changed.emit()

    def _count(self) -> None:
        self.fold.setText(f"{self._title} ({len(self.value())})")
