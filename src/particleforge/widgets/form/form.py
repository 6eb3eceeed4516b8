"""A form drawn from a parameter class."""

from typing import Generic, TypeVar

from pydantic import ValidationError
from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from particleforge.params import Params, explain, reason
from particleforge.widgets.form.fields import FieldsEditor
from particleforge.widgets.form.make import make_editor
from particleforge.widgets.form.spec import blank

P = TypeVar("P", bound=Params)


class ParamsForm(QWidget, Generic[P]):
    """A form for any parameter class.

    `changed` is emitted after every change, valid or not; `validity_changed` when `problem` appears or disappears.

    Parameters
    ----------
    params
        A parameter class, whose defaults are shown, or parameters.
    scrolls
        Whether it scrolls by itself; not needed inside a scrolling panel.
    """

    changed = Signal()
    validity_changed = Signal(bool)

    def __init__(self, params: type[P] | P, parent: QWidget | None = None, scrolls: bool = True) -> None:
        super().__init__(parent)
        self._cls = params if isinstance(params, type) else type(params)
        self._problem: str | None = None
        self._setting = True
        self._fields = FieldsEditor(self._cls, make_editor)
        self._fields.changed.connect(self._check)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(_scrolling(self._fields) if scrolls else self._fields)
        self._fields.set_value(blank(params) if isinstance(params, type) else params)
        self._setting = False
        self._check()

    @property
    def problem(self) -> str | None:
        """What is wrong with the values; None if they are valid."""
        return self._problem

    def params(self) -> P:
        """Return the parameters as entered.

        Raises
        ------
        UserError
            If they are not valid.
        """
        return self._cls.parse(self._fields.value())

    def set_params(self, params: Params) -> None:
        """Show other parameters, or those of a class that has these fields and more; `changed` is emitted once."""
        self._setting = True
        try:
            self._fields.set_value(params)
        finally:
            self._setting = False
        self._check()

    def _check(self) -> None:
        """Mark what is wrong, and emit that something has changed."""
        if self._setting:
            return
        was, self._problem = self._problem, None
        problems = []
        try:
            self._cls.model_validate(self._fields.value())
        except ValidationError as error:
            self._problem = str(explain(error, self._cls))
            problems = [(problem["loc"], reason(problem)) for problem in error.errors(include_url=False)]
        self._fields.mark(problems)
        if (was is None) != (self._problem is None):
            self.validity_changed.emit(self._problem is None)
        self.changed.emit()


def _scrolling(fields: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidgetResizable(True)
    content = QWidget()
    inside = QVBoxLayout(content)
    inside.setContentsMargins(4, 4, 4, 4)
    inside.addWidget(fields)
    inside.addStretch(1)
    area.setWidget(content)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return area
