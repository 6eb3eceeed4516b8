"""The fields of a parameter class, one below the other or in a separate section."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from qtpy.QtCore import Qt
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import QCheckBox, QGridLayout, QLabel
from typing_extensions import override

from particleforge.params import Params
from particleforge.widgets.form.editor import Editor, Problem, inner, line_height
from particleforge.widgets.form.labels import explanation, field_label
from particleforge.widgets.form.numbers import NumberEditor
from particleforge.widgets.form.section import INDENT_PX, Body, Fold
from particleforge.widgets.form.spec import Spec, blank, fields, is_model, start

Make: TypeAlias = Callable[[Spec, str], Editor]
"""Returns the editor for a value; the text is its label."""
SMALL_FIELDS = 4
SPACING_PX = 4


class FieldsEditor(Editor):
    """Every field of a parameter class.

    Parameters
    ----------
    cls
        The class. Fields with one possible value, such as `kind`, are not shown.
    make
        Returns the editors.
    columns
        2 puts short fields side by side.
    indent_px
        Room on the left.
    """

    def __init__(self, cls: type[Params], make: Make, columns: int = 1, indent_px: int = 0) -> None:
        super().__init__()
        self._cls = cls
        self._fixed = {name: info.default for name, info in fields(cls).items() if _one_value(info)}
        self.editors: dict[str, Editor] = {}
        self._box.setContentsMargins(indent_px, 0, 0, 0)
        self._titles: dict[str, str] = {}
        self._names: dict[str, QLabel] = {}
        self._grid = QGridLayout()
        self._grid.setSpacing(2)
        self._grid.setHorizontalSpacing(SPACING_PX)
        self._box.addLayout(self._grid)
        for name, info in fields(cls).items():
            if name not in self._fixed:
                title = self._titles[name] = field_label(name, info)
                editor = self.editors[name] = make(Spec.of_field(info), title)
                editor.setToolTip(explanation(info))
                editor.changed.connect(self.changed)
        self._place(columns)

    def _place(self, columns: int) -> None:
        """Put labels and editors into the grid."""
        for i, (name, editor) in enumerate(self.editors.items()):
            row, column = divmod(i, columns)
            if editor.spans:
                self._grid.addWidget(editor, row, 0, 1, 2 * columns)
                continue
            text = self._names[name] = _name(self._titles[name], editor)
            self._grid.addWidget(text, row, 2 * column, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(editor, row, 2 * column + 1)
            self._grid.setColumnStretch(2 * column + 1, 1)
            if columns > 1 and isinstance(editor, NumberEditor):
                editor.narrow()

    @override
    def showEvent(self, event: QShowEvent | None) -> None:
        """Align labels once their style is known."""
        super().showEvent(event)
        if any(editor.spans for editor in self.editors.values()):
            widths = [editor.label_width() for editor in self.editors.values()]
            widest = max([*widths, *(name.sizeHint().width() for name in self._names.values())])
            self._grid.setColumnMinimumWidth(0, widest)
            for editor in self.editors.values():
                editor.align(widest)

    @override
    def value(self) -> dict[str, Any]:
        return self._fixed | {name: editor.value() for name, editor in self.editors.items()}

    @override
    def set_value(self, value: Any) -> None:
        given = value if isinstance(value, Mapping) else vars(value)
        defaults = {} if given.keys() >= self.editors.keys() else dict(blank(self._cls))
        for name, editor in self.editors.items():
            editor.set_value(given[name] if name in given else defaults[name])

    @override
    def mark(self, problems: Sequence[Problem]) -> None:
        for name, editor in self.editors.items():
            editor.mark(inner(problems, name))
        super().mark([problem for problem in problems if not problem[0] or problem[0][0] not in self.editors])


class SectionEditor(Editor):
    """Collapsible nested parameters; the fields are made when first opened."""

    spans = True

    def __init__(self, cls: type[Params], make: Make, title: str) -> None:
        super().__init__()
        self._value: Any = None
        self._cls, self._make_fields = cls, make
        self.fold = Fold(title, self)
        self.body = Body(self._make, self)
        self._box.addWidget(self.fold)
        self._box.addWidget(self.body)
        self.fold.opened.connect(self.body.show_content)

    @override
    def value(self) -> Any:
        return self._value if self.body.content is None else self.body.content.value()

    @override
    def set_value(self, value: Any) -> None:
        self._value = value
        if self.body.content is not None:
            self.body.content.set_value(value)
        elif is_small(self._cls):
            self.fold.setChecked(True)

    @override
    def mark(self, problems: Sequence[Problem]) -> None:
        self.fold.warn(bool(problems))
        if self.body.content is None:
            super().mark(problems)
        else:
            super().mark([])
            self.body.content.mark(problems)

    def _make(self) -> FieldsEditor:
        content = FieldsEditor(self._cls, self._make_fields)
        content.set_value(self._value)
        content.changed.connect(self.changed)
        return content


class OptionalEditor(Editor):
    """A check box, and below it the parameters it enables."""

    spans = True

    def __init__(self, spec: Spec, make: Make, title: str) -> None:
        super().__init__()
        self._spec, self._title, self._make = Spec(spec.type, spec.marks), title, make
        self.box = QCheckBox(title, self)
        self.editor: Editor | None = None
        self._box.addWidget(self.box)
        self.box.toggled.connect(self._switch)

    @override
    def value(self) -> Any:
        return self.editor.value() if self.editor is not None and self.box.isChecked() else None

    @override
    def set_value(self, value: Any) -> None:
        if value is not None:
            self._open(value)
        self.box.setChecked(value is not None)

    @override
    def mark(self, problems: Sequence[Problem]) -> None:
        on = self.editor is not None and self.box.isChecked()
        super().mark([] if on else problems)
        if self.editor is not None:
            self.editor.mark(problems if on else [])

    def _open(self, value: Any) -> None:
        if self.editor is None:
            if is_model(self._spec.type):
                self.editor = FieldsEditor(self._spec.type, self._make, indent_px=INDENT_PX)
            else:
                self.editor = self._make(self._spec, self._title)
            self.editor.changed.connect(self.changed)
            self._box.addWidget(self.editor)
        self.editor.set_value(value)

    def _switch(self, on: bool) -> None:
        if on and self.editor is None:
            self._open(start(self._spec))
        if self.editor is not None:
            self.editor.setVisible(on)
        self.changed.emit()


def is_small(cls: type[Params]) -> bool:
    """Whether the fields are few and simple enough to be shown at once."""
    specs = [Spec.of_field(info) for info in fields(cls).values() if not _one_value(info)]
    simple = all(spec.type in (int, float, bool, str) or spec.choices for spec in specs)
    return len(specs) <= SMALL_FIELDS and simple


def _one_value(info: Any) -> bool:
    spec = Spec.of_field(info)
    return len(spec.choices) == 1 and not spec.optional and not info.is_required()


def _name(text: str, editor: Editor) -> QLabel:
    """Label next to the first line of an editor."""
    name = QLabel(text)
    name.setToolTip(editor.toolTip())
    name.setFixedHeight(line_height(editor))
    return name
