"""Which editor a value gets."""

from collections.abc import Callable
from pathlib import Path

from particleforge.widgets.form.editor import Editor
from particleforge.widgets.form.fields import OptionalEditor, SectionEditor
from particleforge.widgets.form.items import ListEditor
from particleforge.widgets.form.kinds import KindEditor
from particleforge.widgets.form.labels import label
from particleforge.widgets.form.numbers import FixedNumbersEditor, NumberEditor, NumbersEditor
from particleforge.widgets.form.spec import Spec, is_model
from particleforge.widgets.form.values import BoolEditor, ChoiceEditor, LineEditor, PathEditor, YamlEditor

LINES: dict[type, Callable[[Spec], Editor]] = {str: LineEditor, Path: PathEditor}


def make_editor(spec: Spec, title: str) -> Editor:
    """Editor for what a value may be, with a label where it brings its own."""
    if spec.kinds:
        editor = KindEditor(spec, make_editor, title)
        if title and editor.small:
            editor.open()
        return editor
    if spec.choices or spec.type is bool:
        return BoolEditor() if spec.type is bool and not spec.optional else ChoiceEditor(spec)
    if _in_one_line(spec):
        return _line(spec)
    if spec.optional:
        return OptionalEditor(spec, make_editor, title)
    if is_model(spec.type):
        return SectionEditor(spec.type, make_editor, title or label(spec.type.__name__))
    if spec.item is None:
        return FixedNumbersEditor(spec.items)
    return NumbersEditor(spec.item.type) if _is_number(spec.item) else ListEditor(spec.item, make_editor, title)


def _in_one_line(spec: Spec) -> bool:
    if is_model(spec.type) or spec.item is not None:
        return False
    return not (spec.items and all(_is_number(item) for item in spec.items))


def _line(spec: Spec) -> Editor:
    if spec.type in (int, float):
        return NumberEditor(spec)
    fitting = (make for kind, make in LINES.items() if isinstance(spec.type, type) and issubclass(spec.type, kind))
    return next(fitting, YamlEditor)(spec)


def _is_number(spec: Spec) -> bool:
    return spec.type in (int, float) and not spec.optional
