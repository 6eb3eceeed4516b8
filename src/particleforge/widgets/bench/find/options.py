"""Options of the chosen detector."""

from collections.abc import Mapping
from typing import Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QVBoxLayout, QWidget

from particleforge.errors import UserError
from particleforge.models.opening import options_of
from particleforge.params import Params
from particleforge.widgets.folded_form import FoldedForm
from particleforge.widgets.workspace import preference

PREFERENCES = ("tile_px",)
"""Options set in the preferences, for all images."""


class DetectorOptions(QWidget):
    """The form for the options of a detector, one for each kind; `changed` is emitted after every change."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.form: FoldedForm[Params] | None = None
        self._cls: type[Params] | None = None
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)

    def show_model(self, model: str) -> None:
        """Show the options of a model; values entered for the same kind are kept."""
        try:
            cls = options_of(model, "detector")
        except UserError:  # reported when it is used
            cls = None
        if cls is self._cls:
            return
        self._cls = cls
        if self.form is not None:
            self.form.setParent(None)
            self.form.deleteLater()
        self.form = None if cls is None else FoldedForm(cls, cls.front, PREFERENCES, "Detector options")
        if self.form is not None:
            self.form.changed.connect(self.changed)
            self._box.addWidget(self.form)
        self.changed.emit()

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Show options given as plain data; the defaults if they are not valid for the model."""
        if self.form is None or self._cls is None:
            return
        try:
            params = self._cls.parse(values)
        except UserError:  # of another kind of detector
            params = self._cls()
        self.form.set_params(params)

    @property
    def problem(self) -> str | None:
        """What is wrong with the values; None if they are valid."""
        return None if self.form is None else self.form.problem

    def values(self) -> dict[str, Any]:
        """Options that differ from their defaults, as plain data.

        Raises
        ------
        UserError
            If they are not valid.
        """
        if self.form is None or self._cls is None:
            return {}
        chosen = {name: preference("computing", name, None) for name in PREFERENCES if name in self._cls.model_fields}
        given = {name: value for name, value in chosen.items() if value is not None}
        return self.form.params().replace(**given).model_dump(mode="json", exclude_defaults=True)
