"""Rules that apply at once: what the size is, and which particles count."""

from collections.abc import Iterable

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QAction
from qtpy.QtWidgets import QDoubleSpinBox, QHBoxLayout, QMenu, QToolButton, QVBoxLayout, QWidget

from particleforge.compute import Workers
from particleforge.measurement.filter import Filter
from particleforge.measurement.outputs import Outputs
from particleforge.measurement.shape_class import CLASSES
from particleforge.store.selection import Selection
from particleforge.widgets.folded_form import FoldedForm
from particleforge.widgets.form.editor import guard_wheel
from particleforge.widgets.qt import present, single_shot
from particleforge.workflows.measure import MeasureParams

FRONT = ("size", "border", "smallest_px", "largest_px")
SETTLE_MS = 250
"""Changes in quick succession, as while typing a number, apply together."""
_ELSEWHERE = (*Outputs.model_fields, *Selection.model_fields, *Workers.model_fields)
_LEFT_OUT = ("pixel_size", "options", "classifier", *_ELSEWHERE)


class RulesForm(QWidget):
    """Shows rules and a filter; `changed` is emitted soon after a change that is valid."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.form = FoldedForm(MeasureParams, FRONT, left_out=_LEFT_OUT, title="More rules")
        self.classes = ClassButton(self)
        self.score = QDoubleSpinBox(self)
        self.score.setRange(0, 1)
        self.score.setSingleStep(0.05)
        self.score.setPrefix("Score at least ")
        self.score.setSpecialValueText("Any score")
        self.score.setToolTip("Particles with a smaller score of the detector do not count; those drawn by hand do.")
        guard_wheel(self.score)
        self._timer = single_shot(self, SETTLE_MS, self._settle)
        box, line = QVBoxLayout(self), QHBoxLayout()
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.form)
        line.addWidget(self.classes, 1)
        line.addWidget(self.score, 1)
        box.addLayout(line)
        for changed in (self.form.changed, self.classes.changed, self.score.valueChanged):
            changed.connect(self._timer.start)

    @property
    def problem(self) -> str | None:
        """What is wrong with the values; None if they are valid."""
        return self.form.problem

    def rules(self) -> MeasureParams:
        """Return the rules as entered."""
        return self.form.params()

    def chosen(self) -> Filter:
        """Return the filter as entered."""
        return Filter(classes=self.classes.value(), min_score=round(self.score.value(), 4))

    def set_rules(self, rules: MeasureParams) -> None:
        """Show other rules, without a word of a change."""
        if self.problem is None and self.rules() == rules:
            return
        self.form.set_params(rules)
        self._timer.stop()

    def release(self) -> None:
        """Report no more changes."""
        self._timer.stop()

    def _settle(self) -> None:
        if self.problem is None:
            self.changed.emit()


class ClassButton(QToolButton):
    """A menu of the classes of particles that count; `changed` is emitted after a choice."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self.setToolTip(
            "Which particles count, by the class of the visible outline, not of the body, or by the class that the "
            "detector has given them."
        )
        self.actions_of: dict[str, QAction] = {}
        self.setMenu(QMenu(self))
        self.offer(())

    def offer(self, found: Iterable[str]) -> None:
        """Offer the classes of the shape rules, and others that were found; new ones count."""
        names = [*CLASSES, *sorted(set(found) - {*CLASSES, ""})]
        if names == list(self.actions_of):
            return
        gone = {name for name, action in self.actions_of.items() if not action.isChecked()}
        menu = present(self.menu())
        menu.clear()
        self.actions_of = {name: present(menu.addAction(name)) for name in names}
        for name, action in self.actions_of.items():
            action.setCheckable(True)
            action.setChecked(name not in gone)
            action.toggled.connect(self._change)
        if gone:
            self._change()
        else:
            self._show()

    def value(self) -> tuple[str, ...]:
        """Return the classes that count; empty: all."""
        chosen = tuple(name for name, action in self.actions_of.items() if action.isChecked())
        return () if len(chosen) == len(self.actions_of) else chosen or ("none",)

    def _change(self) -> None:
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        value = self.value()
        self.setText(f"Classes: {', '.join(value) if value else 'all'}")
