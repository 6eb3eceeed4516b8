"""Numbers of any size, shown and read without loss."""

import math
import re
from decimal import Decimal
from typing import Any

from qtpy.QtCore import QSize
from qtpy.QtGui import QValidator
from qtpy.QtWidgets import QAbstractSpinBox, QHBoxLayout, QLineEdit, QWidget
from typing_extensions import override

from particleforge.widgets.form.editor import Editor, guard_wheel
from particleforge.widgets.form.spec import UNSET, Spec
from particleforge.widgets.qt import present

SCIENTIFIC_BELOW = 1e-3
WIDTH_DIGITS = 5


def shown(number: float) -> str:
    """Shortest text that reads back as the same number."""
    if isinstance(number, int) or not math.isfinite(number):
        return str(number)
    text = repr(number)
    if 0 < abs(number) < SCIENTIFIC_BELOW:
        text = f"{Decimal(text).normalize():e}"
    mantissa, _, power = text.partition("e")
    mantissa = mantissa.removesuffix(".0")
    return f"{mantissa}e{int(power)}" if power else mantissa


def read(text: str, kind: type) -> Any:
    """Read a number from text; return the text itself if it is not one."""
    text = text.strip().replace("\N{MINUS SIGN}", "-")
    try:
        number = float(text)
        if kind is float:
            return number
        return int(text) if re.fullmatch(r"[+-]?\d+", text) else _whole(text, number)
    except (ValueError, OverflowError):
        return text


def _whole(text: str, number: float) -> Any:
    exact = Decimal(text) if math.isfinite(number) else None
    return int(exact) if exact is not None and exact == exact.to_integral_value() else number


class NumberBox(QAbstractSpinBox):
    """A number with arrows; any size and scientific notation can be entered.

    Parameters
    ----------
    spec
        int or float with its limits, at which the arrows stop.
    """

    def __init__(self, spec: Spec, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.spec = spec
        self.line = present(self.lineEdit())
        self.line.setPlaceholderText(UNSET if spec.optional else "")
        guard_wheel(self)

    def value(self) -> Any:
        """Return the number, None if an optional one is left empty, or text that is not a number."""
        text = self.line.text()
        return None if self.spec.optional and not text.strip() else read(text, self.spec.type)

    def set_value(self, value: Any) -> None:
        """Show a number, or None."""
        text = "" if value is None else shown(value) if isinstance(value, (int, float)) else str(value)
        self.line.setText(text)
        self.line.setCursorPosition(0)

    def stepBy(self, steps: int) -> None:
        """Change the second digit; the last one of whole numbers."""
        value = self.value()
        if value is None:
            value = 0
        if not isinstance(value, (int, float)) or not math.isfinite(value):
            return
        exact = Decimal(shown(value))
        step = Decimal(1) if self.spec.type is int else Decimal(10) ** ((exact.adjusted() if exact else 0) - 1)
        low, high = self.spec.limits
        stepped = min(max(self.spec.type(exact + steps * step), low), high)
        if self.spec.accepts(stepped):
            self.set_value(self.spec.type(stepped))

    def stepEnabled(self) -> QAbstractSpinBox.StepEnabledFlag:
        """Both arrows work."""
        return QAbstractSpinBox.StepEnabledFlag.StepUpEnabled | QAbstractSpinBox.StepEnabledFlag.StepDownEnabled

    def validate(self, text: str | None, position: int) -> tuple[QValidator.State, str, int]:
        """Accept any input; the form shows what is wrong with it."""
        return QValidator.State.Acceptable, text or "", position

    def sizeHint(self) -> QSize:
        """Wide enough for five digits."""
        arrows = 10 if self.buttonSymbols() == QAbstractSpinBox.ButtonSymbols.NoButtons else 30
        width = self.fontMetrics().horizontalAdvance("0" * WIDTH_DIGITS) + arrows
        return QSize(width, self.line.sizeHint().height() + 2)

    def minimumSizeHint(self) -> QSize:
        """As `sizeHint`."""
        return self.sizeHint()


class NumberEditor(Editor):
    """One number, or nothing where None is allowed."""

    def __init__(self, spec: Spec) -> None:
        super().__init__()
        self.box = NumberBox(spec, self)
        self.box.line.textChanged.connect(self.changed)
        self._box.addWidget(self.box)

    def narrow(self) -> None:
        """Hide the arrows; the arrow keys still work."""
        self.box.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)

    @override
    def value(self) -> Any:
        return self.box.value()

    @override
    def set_value(self, value: Any) -> None:
        self.box.set_value(value)


class FixedNumbersEditor(Editor):
    """A tuple of a fixed count of numbers."""

    def __init__(self, specs: tuple[Spec, ...]) -> None:
        super().__init__()
        row = QHBoxLayout()
        self.boxes = [NumberBox(spec, self) for spec in specs]
        for box in self.boxes:
            row.addWidget(box)
            box.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
            box.line.textChanged.connect(self.changed)
        self._box.addLayout(row)

    @override
    def value(self) -> Any:
        return tuple(box.value() for box in self.boxes)

    @override
    def set_value(self, value: Any) -> None:
        for box, number in zip(self.boxes, value, strict=True):
            box.set_value(number)


class NumbersEditor(Editor):
    """Any count of numbers of a kind, int or float, in one line; a column of a spreadsheet can be pasted."""

    def __init__(self, kind: type) -> None:
        super().__init__()
        self._kind = kind
        self.line = QLineEdit(self)
        self.line.setPlaceholderText("numbers, separated by commas")
        self.line.textChanged.connect(self.changed)
        self._box.addWidget(self.line)

    @override
    def value(self) -> Any:
        return tuple(read(part, self._kind) for part in re.split(r"[\s,;]+", self.line.text()) if part)

    @override
    def set_value(self, value: Any) -> None:
        self.line.setText(", ".join(shown(number) for number in value))
        self.line.setCursorPosition(0)
