"""Text, paths, choices and anything else that fits in one line."""

from pathlib import Path
from typing import Any

import yaml
from magicgui.types import FileDialogMode
from magicgui.widgets import CheckBox, ComboBox, FileEdit, LineEdit
from magicgui.widgets.bases import BaseValueWidget
from pydantic_core import to_jsonable_python
from qtpy.QtWidgets import QLineEdit, QSizePolicy
from typing_extensions import override

from particleforge.errors import UserError
from particleforge.plain_data import parse_yaml
from particleforge.widgets.form.editor import Editor, guard_wheel
from particleforge.widgets.form.labels import phrase
from particleforge.widgets.form.spec import UNSET, Spec


class ValueEditor(Editor):
    """A value in a widget of magicgui."""

    def __init__(self, widget: BaseValueWidget[Any]) -> None:
        super().__init__()
        self.widget = widget
        self._box.addWidget(self.widget.native)
        self.widget.changed.connect(self._edited)

    @override
    def value(self) -> Any:
        return self.widget.value

    @override
    def set_value(self, value: Any) -> None:
        self.widget.value = value

    def _edited(self) -> None:
        self.changed.emit()


class BoolEditor(ValueEditor):
    """True or false."""

    def __init__(self) -> None:
        super().__init__(CheckBox(text=""))


class ChoiceEditor(ValueEditor):
    """One of several values; "not set" is among them where None is allowed."""

    def __init__(self, spec: Spec) -> None:
        values = (True, False) if spec.type is bool else spec.choices
        names = {True: "yes", False: "no"} if spec.type is bool else {}
        choices = [(names.get(value) or phrase(getattr(value, "value", value)), value) for value in values]
        if spec.optional:
            choices.insert(0, (UNSET, None))
        super().__init__(ComboBox(choices=choices))
        guard_wheel(self.widget.native)
        self.widget.native.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)


class LineEditor(ValueEditor):
    """A value as one line of text; an unedited value is returned unchanged."""

    def __init__(self, spec: Spec, file: FileEdit | None = None) -> None:
        edit = LineEdit() if file is None else file.line_edit
        super().__init__(edit if file is None else file)
        self._spec = spec
        self.line: QLineEdit = edit.native
        self.line.setPlaceholderText(UNSET if spec.optional else "")
        self._kept: Any = None
        self._kept_text = ""

    @override
    def value(self) -> Any:
        text = self.line.text()
        if text == self._kept_text:
            return self._kept
        return None if self._spec.optional and not text.strip() else self.read(text)

    @override
    def set_value(self, value: Any) -> None:
        self.line.setText("" if value is None else self.write(value))
        self.line.setCursorPosition(0)
        self._kept, self._kept_text = value, self.line.text()

    def read(self, text: str) -> Any:
        """Value from text."""
        return text

    def write(self, value: Any) -> str:
        """Text for a value."""
        return str(value)


class PathEditor(LineEditor):
    """A path with a button that opens a dialog."""

    def __init__(self, spec: Spec) -> None:
        kinds = [getattr(mark, "path_type", "") for mark in spec.marks]
        mode = "d" if "dir" in kinds else "r" if "file" in kinds else "w"
        super().__init__(spec, FileEdit(mode=FileDialogMode(mode)))
        self.line.textChanged.connect(self._edited)

    @override
    def read(self, text: str) -> Any:
        return Path(text)


class YamlEditor(LineEditor):
    """Anything without its own editor, as YAML in one line."""

    @override
    def read(self, text: str) -> Any:
        try:
            return parse_yaml(text, "The text")
        except UserError:
            return text

    @override
    def write(self, value: Any) -> str:
        plain = to_jsonable_python(value, fallback=str)
        text = yaml.safe_dump(plain, default_flow_style=True, sort_keys=False, allow_unicode=True, width=10**9)
        return text.removesuffix("...\n").strip()
