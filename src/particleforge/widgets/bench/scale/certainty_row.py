"""How well the pixel size is known, for all images of the project."""

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFormLayout, QLineEdit, QWidget

from particleforge.errors import UserError
from particleforge.measurement.numbers import digits
from particleforge.measurement.uncertainty.pixel_size import HINT, relative_uncertainty
from particleforge.widgets.annotate.parts import words

ABOUT = "How well the microscope is calibrated, for all images of the project. Empty: intervals of sizes leave it out."


class CertaintyRow(QWidget):
    """A field for the uncertainty of the pixel size, and what follows from it in a sentence.

    `changed` gives the text, None if it is empty; `failed` a `UserError`.
    """

    changed = Signal(object)
    failed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.field = QLineEdit(self)
        self.field.setPlaceholderText("not given, e.g. 0.5 %")
        self.field.setToolTip(f"{ABOUT}\n{HINT}")
        self.field.editingFinished.connect(self._enter)
        self.meaning = words()
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.addRow("Uncertainty of the scale", self.field)
        form.addRow(self.meaning)
        self._text: str | None = None

    def show_text(self, text: str | None) -> None:
        """Show the uncertainty of the project."""
        self._text = text
        self.field.setText(text or "")
        self.meaning.setVisible(text is not None)
        if text is not None:
            percent = digits(100 * relative_uncertainty(text))
            self.meaning.setText(f"A standard uncertainty of {percent} % is included in the interval of each length.")

    def _enter(self) -> None:
        text = self.field.text().strip() or None
        if text == self._text:
            return
        try:
            if text is not None:
                relative_uncertainty(text)
        except UserError as error:
            self.failed.emit(error)
            return
        self.show_text(text)
        self.changed.emit(text)
