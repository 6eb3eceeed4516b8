"""A form with a few parameters in front and the others folded away."""

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from pydantic import create_model
from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QVBoxLayout, QWidget

from particleforge.errors import UserError
from particleforge.params import Params
from particleforge.widgets.form import ParamsForm
from particleforge.widgets.form.section import Body, Fold

P = TypeVar("P", bound=Params)


def part(cls: type[Params], names: Sequence[str]) -> type[Params]:
    """Make a parameter class from some of the fields of another."""
    fields: dict[str, Any] = {name: (cls.model_fields[name].annotation, cls.model_fields[name]) for name in names}
    return create_model(f"{cls.__name__}Part", __base__=Params, **fields)


class FoldedForm(QWidget, Generic[P]):
    """A form for a parameter class that shows some fields at first; it does not scroll.

    `changed` is emitted after every change.

    Parameters
    ----------
    cls
        The parameter class; its defaults are shown.
    front
        Fields in front.
    left_out
        Fields that are set elsewhere and keep their defaults here.
    """

    changed = Signal()

    def __init__(
        self, cls: type[P], front: Sequence[str], left_out: Sequence[str] = (), title: str = "More options"
    ) -> None:
        super().__init__()
        self._cls = cls
        self._given: P | None = None
        folded = [name for name in cls.model_fields if name not in (*front, *left_out, "kind")]
        self.front = ParamsForm(part(cls, front), scrolls=False) if front else None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        if self.front is not None:
            self.front.changed.connect(self.changed)
            layout.addWidget(self.front)
        self.fold = Fold(title, self)
        self.body = Body(lambda: self._open(part(cls, folded)), self)
        self.fold.opened.connect(self.body.show_content)
        self.fold.setVisible(bool(folded))
        layout.addWidget(self.fold)
        layout.addWidget(self.body)

    @property
    def problem(self) -> str | None:
        """What is wrong with the values; None if they are valid."""
        try:
            self.params()
        except UserError as error:
            return str(error)
        return None

    def params(self) -> P:
        """Return the parameters as entered.

        Raises
        ------
        UserError
            If they are not valid.
        """
        given: dict[str, Any] = {} if self._given is None else dict(self._given)
        for form in (self.front, self.body.content):
            if form is not None:
                given |= dict(form.params())
        return self._cls.parse(given)

    def set_params(self, params: P) -> None:
        """Show other parameters; `changed` is emitted once."""
        self._given = params
        for form in (self.front, self.body.content):
            if form is not None:
                with QSignalBlocker(form):
                    form.set_params(params)
        self.changed.emit()

    def _open(self, cls: type[Params]) -> ParamsForm[Params]:
        form = ParamsForm(cls, scrolls=False)
        if self._given is not None:
            form.set_params(self._given)
        form.changed.connect(self.changed)
        return form
