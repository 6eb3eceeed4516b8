"""A chooser of kinds with the fields of the chosen one below: unions of parameters, and draws."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, TypeGuard

from pydantic import ValidationError
from qtpy.QtCore import QSignalBlocker
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSizePolicy, QWidget
from typing_extensions import override

from particleforge.draws import Distribution, Mixture
from particleforge.params import Params, reason
from particleforge.widgets.form.curve import Curve
from particleforge.widgets.form.editor import Editor, Problem, guard_wheel
from particleforge.widgets.form.fields import SPACING_PX, FieldsEditor, Make, is_small
from particleforge.widgets.form.labels import kind_phrase
from particleforge.widgets.form.mixture import MixtureEditor
from particleforge.widgets.form.numbers import NumberBox
from particleforge.widgets.form.section import INDENT_PX, Body, Fold
from particleforge.widgets.form.similar import middle, similar
from particleforge.widgets.form.spec import UNSET, Spec, blank

CHOOSER_LETTERS = 6
LONG_LETTERS = 18
"""Choices with more letters stand below their label, where they are not cut off."""

Kind: TypeAlias = type[Params] | type[float] | None
"""A class of parameters, a number, or nothing."""


class KindEditor(Editor):
    """One of several parameter classes distinguished by `kind`, or a number or nothing, if allowed.

    Parameters
    ----------
    spec
        The union.
    make
        Returns the editors of its fields.
    title
        Its label if it takes the whole width; otherwise the label is in the column of labels.
    """

    def __init__(self, spec: Spec, make: Make, title: str = "") -> None:
        super().__init__()
        self._spec, self._make_fields = spec, make
        self.draws = all(issubclass(cls, Distribution) for cls in spec.kinds.values())
        self.spans = bool(title)
        longest = max((len(kind_phrase(cls)) for cls in spec.kinds.values()), default=0)
        self._above = bool(title) and not self.draws and longest > LONG_LETTERS
        self._kinds: list[Kind] = [None] if spec.optional else []
        self._kinds += [float] if float in spec.alternatives else []
        self._kinds += list(spec.kinds.values())
        self._index = 0
        self._width = 0
        self._values: dict[int, Any] = {}
        self.body: Body[Editor] | None = None
        self._build_head(title)

    @override
    def value(self) -> Any:
        kind = self._kinds[self._index]
        if kind is float:
            return self.box.value()
        if self.body is not None and self.body.content is not None:
            return self.body.content.value()
        return self._values.get(self._index)

    @override
    def set_value(self, value: Any) -> None:
        self._values.clear()
        self._show(self._kind_of(value), value)

    @override
    def mark(self, problems: Sequence[Problem]) -> None:
        kind = self._kinds[self._index]
        name = _name(kind)
        problems = [(path[1:] if path and path[0] == name else path, text) for path, text in problems]
        if problems and self.draws and _is_params(kind):
            problems = self._own_problems(kind) or problems
        self.fold.warn(bool(problems))
        content = None if self.body is None else self.body.content
        own = problems if content is None else [problem for problem in problems if not problem[0]]
        super().mark(own)
        if content is not None:
            content.mark([problem for problem in problems if problem[0]])

    @override
    def lead_with(self, widget: QWidget) -> None:
        self.head.insertWidget(0, widget)

    @override
    def label_width(self) -> int:
        return self.label.sizeHint().width() if self.spans and self.draws else 0

    @override
    def align(self, width: int) -> None:
        arrow = 0 if self.fold.isHidden() else self.fold.sizeHint().width() + self.head.spacing()
        self._width = width
        self.label.setMinimumWidth(max(0, width - arrow))

    def setToolTip(self, text: str | None) -> None:
        """Set it for the label, too."""
        super().setToolTip(text)
        self.label.setToolTip(text)

    @property
    def small(self) -> bool:
        """Whether every kind has so few fields that they may be shown at once."""
        return all(is_small(cls) for cls in self._spec.kinds.values())

    def open(self, on: bool = True) -> None:
        """Show or hide the fields."""
        self.fold.setChecked(on)

    def _build_head(self, title: str) -> None:
        head = self.head = QHBoxLayout()
        head.setSpacing(SPACING_PX)
        self.fold = Fold("", self)
        self.fold.setVisible(not self.draws)
        self.label = QLabel(title, self)
        self.label.setVisible(bool(title))
        self.chooser = QComboBox(self)
        self.chooser.addItems([_words(kind) for kind in self._kinds])
        for i, kind in enumerate(self._kinds):
            self.chooser.setItemData(i, (getattr(kind, "__doc__", "") or "").partition("\n")[0], 3)  # tool tip
        guard_wheel(self.chooser)
        self.box = NumberBox(Spec(float, self._spec.marks), self)
        self.curve = Curve(self._distribution, self)
        for widget, stretch in ((self.fold, 0), (self.label, 0), (self.chooser, 2), (self.box, 3), (self.curve, 3)):
            if not (self._above and widget is self.label):
                head.addWidget(widget, stretch)
        if self._above:
            self._box.addWidget(self.label)
        for widget in (self.box, self.curve):
            widget.hide()
        self.chooser.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.chooser.setMinimumContentsLength(CHOOSER_LETTERS)
        self.chooser.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._box.addLayout(head)
        self.chooser.currentIndexChanged.connect(self._choose)
        self.box.line.textChanged.connect(self.changed)
        self.fold.opened.connect(self._turn)

    def _kind_of(self, value: Any) -> int:
        if value is None or isinstance(value, (int, float, str)):
            return self._kinds.index(None if value is None else float)
        if isinstance(value, Mapping):
            return self._kinds.index(self._spec.kinds[value["kind"]])
        return self._kinds.index(type(value))

    def _choose(self, index: int) -> None:
        """Switch to another kind, chosen by the user."""
        old, kind = self._distribution() if self.draws else None, self._kinds[index]
        before = self.value()
        current = before if old is None else old
        self._values[self._index] = before
        if index in self._values:
            value = self._values[index]
        elif kind is None:
            value = None
        elif issubclass(kind, Distribution):
            value = similar(kind, self._spec, current)
        else:
            value = blank(kind) if issubclass(kind, Params) else middle(self._spec, current)
        self._show(index, value)
        self.open()
        self.changed.emit()

    def _show(self, index: int, value: Any) -> None:
        kind = self._kinds[index]
        with QSignalBlocker(self.chooser), QSignalBlocker(self.box.line):
            self.chooser.setCurrentIndex(index)
            if kind is float:
                self.box.set_value(value)
        if index != self._index or self.body is None:
            self._new_body(kind)
        self._index = index
        self._values[index] = value
        if self.body is not None and self.body.content is not None:
            with QSignalBlocker(self.body.content):
                self.body.content.set_value(value)
        self.box.setVisible(kind is float)
        self.curve.setVisible(self.draws and _has_fields(kind))
        self.curve.outdate()

    def _new_body(self, kind: Kind) -> None:
        if self.body is not None:
            self.body.hide()
            self._box.removeWidget(self.body)
            self.body.setParent(None)
            self.body.deleteLater()
            self.body = None
        self.fold.setVisible(not self.draws and _has_fields(kind))
        self.align(self._width)
        if not _has_fields(kind):
            return
        indent_px = 0 if self.draws and not self.spans else INDENT_PX
        self.body = Body(lambda: self._make_content(kind), self, indent_px)
        self._box.insertWidget(1 + self._above, self.body)
        if self.fold.isChecked() or self.draws:
            self.body.show_content(True)

    def _make_content(self, kind: type[Params]) -> Editor:
        if kind is Mixture:
            content: Editor = MixtureEditor(self._make_fields)
        else:
            content = FieldsEditor(kind, self._make_fields, columns=2 if self.draws else 1)
        content.set_value(self._values.get(self._kinds.index(kind)) or blank(kind))
        content.changed.connect(self._edited)
        return content

    def _edited(self) -> None:
        self.curve.outdate()
        self.changed.emit()

    def _turn(self, on: bool) -> None:
        if self.body is not None:
            self.body.show_content(on)

    def _distribution(self) -> Distribution | None:
        """Return the distribution as entered, or None if it is invalid."""
        kind = self._kinds[self._index]
        if kind is None or not issubclass(kind, Distribution):
            return None
        try:
            return kind.model_validate(self.value())
        except ValidationError:
            return None

    def _own_problems(self, kind: type[Params]) -> list[Problem]:
        """Problems of the fields themselves; a draw as a whole reports only one."""
        try:
            kind.model_validate(self.value())
        except ValidationError as error:
            return [(problem["loc"], reason(problem)) for problem in error.errors(include_url=False)]
        return []


def _is_params(kind: Kind) -> TypeGuard[type[Params]]:
    return kind is not None and issubclass(kind, Params)


def _name(kind: Kind) -> str:
    return kind.model_fields["kind"].default if _is_params(kind) else ""


def _words(kind: Kind) -> str:
    return kind_phrase(kind) if _is_params(kind) else UNSET if kind is None else "fixed"


def _has_fields(kind: Kind) -> TypeGuard[type[Params]]:
    return _is_params(kind) and len(kind.model_fields) > 1
