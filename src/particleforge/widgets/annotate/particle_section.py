"""Section 2 of the panel: outlining, painting and correcting particles."""

import numpy as np
from magicgui.widgets import FloatSlider
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFormLayout, QHBoxLayout, QPushButton

from particleforge.annotate.edit import next_id
from particleforge.widgets.annotate.actions import Report
from particleforge.widgets.annotate.parts import Section, button, words
from particleforge.widgets.annotate.session import Session
from particleforge.widgets.annotate.suggested import SuggestionActions
from particleforge.widgets.form.editor import guard_wheel
from particleforge.widgets.job_row import JobRow
from particleforge.widgets.model_chooser import ModelChooser
from particleforge.wording import plural

TOOLS = {
    "outline": (
        "Outline",
        "Click the middle of a particle, or drag a box around it. Hold Space to move the image.",
    ),
    "brush": (
        "Brush",
        "Paint a particle; press N before the next one. The keys [ and ] make the brush smaller and larger.",
    ),
    "split": ("Split", "Drag a line right across a particle to cut it in two."),
    "merge": ("Merge", "Click two pieces of one particle, or drag from one to the other."),
    "erase": ("Erase", "Click a particle to remove it."),
    "accept": ("Accept", "Click a suggestion to keep it as a particle."),
    "reject": ("Reject", "Click a suggestion to discard it."),
}
"""Name, text of the button, what to do."""


class ParticleSection(Section):
    """Buttons of the tools that make particles, and suggestions from a model.

    `picked` gives the name of a tool whose button was clicked, empty if it was released.

    Parameters
    ----------
    row
        Runs the model.
    report
        Shows what went wrong or was done.
    """

    picked = Signal(str)

    def __init__(self, row: JobRow, report: Report) -> None:
        super().__init__("2  Particles")
        self._report = report
        self.active: SuggestionActions | None = None
        self.buttons: dict[str, QPushButton] = {}
        self.hint = words()
        self.undo = button("Undo", "Undo the last step (Ctrl+Z).")
        self.undo.clicked.connect(self._undo)
        self.next = button("Next (N)", "Paint another particle with a new number.")
        self.next.clicked.connect(self.next_particle)
        makers = [self._tool("outline"), self._tool("brush"), self.next]
        correctors = [self._tool("split"), self._tool("merge"), self._tool("erase"), self.undo]
        for widgets in (makers, correctors):
            line = QHBoxLayout()
            for widget in widgets:
                line.addWidget(widget)
            self.rows.addLayout(line)
        self.rows.addWidget(self.hint)
        self.tolerance = FloatSlider(value=0.5, min=0, max=1, step=0.02)
        self.tolerance.tooltip = "Moves the last outline in or out; the next clicks use this value, too."
        self.tolerance.native.setMinimumWidth(60)
        guard_wheel(self.tolerance.native)
        self.tolerance.changed.connect(self._retune)
        lines = QFormLayout()
        lines.addRow("Outline in - out", self.tolerance.native)
        self.rows.addLayout(lines)
        self._add_suggestions(row)

    @property
    def busy(self) -> bool:
        """Whether a search is running."""
        return self.active is not None and self.active.outliner.busy

    def set_session(self, session: Session) -> SuggestionActions:
        """Work on another image; return what the tools do there."""
        self.release()
        self.active = SuggestionActions(session, self._report, self.tolerance.value)
        session.particles.bind_key("N", lambda _: self.next_particle(), overwrite=True)
        self.show_tool("")
        self.refresh()
        return self.active

    def release(self) -> None:
        """Release the image."""
        if self.active is not None:
            self.active.outliner.close()
            self.active = None
        self.show_tool("")
        self.refresh()

    def show_tool(self, name: str) -> None:
        """Show which tool is in use."""
        for other, pushed in self.buttons.items():
            pushed.setChecked(other == name)
        if self.active is None:
            self.hint.setText("")
            return
        self.active.begin()
        self.hint.setText(TOOLS[name][1] if name in TOOLS else "Choose a tool.")
        if name == "brush" and self.active.session.particles.selected_label == 0:
            _select_next(self.active.session)

    def refresh(self) -> None:
        """Update which controls are enabled."""
        ready = self.active is not None
        proposed = self.active is not None and self.active.session.proposals is not None
        for name, tool in self.buttons.items():
            tool.setEnabled(proposed if name in ("accept", "reject") else ready)
        for widget in (self.undo, self.next, self.tolerance.native):
            widget.setEnabled(ready)
        self.accept_all.setEnabled(proposed)

    def next_particle(self) -> None:
        """Continue with the brush and a new number."""
        if self.active is not None:
            _select_next(self.active.session)
            self.picked.emit("brush")

    def _tool(self, name: str) -> QPushButton:
        made = button(*TOOLS[name], checkable=True)
        made.clicked.connect(self._pick)
        self.buttons[name] = made
        return made

    def _pick(self, on: bool) -> None:
        name = next(name for name, tool in self.buttons.items() if tool is self.sender())
        self.picked.emit(name if on else "")

    def _add_suggestions(self, row: JobRow) -> None:
        self.model = ModelChooser()
        self.model.setToolTip("Trained model that suggests particles.")
        self.accept_all = button("Accept all", "Keep all suggestions as particles.")
        self.accept_all.clicked.connect(self._accept_all)
        lines = QFormLayout()
        lines.addRow("Detector", self.model)
        self.rows.addLayout(lines)
        self.rows.addWidget(row)
        line = QHBoxLayout()
        for widget in (self._tool("accept"), self._tool("reject"), self.accept_all):
            line.addWidget(widget)
        self.rows.addLayout(line)

    def _undo(self) -> None:
        if self.active is not None:
            session = self.active.session
            active = session.viewer.layers.selection.active
            (session.strokes if active is session.strokes else session.particles).undo()

    def _retune(self, tolerance: float) -> None:
        if self.active is not None:
            self._report(None)
            self.active.outliner.retune(tolerance)

    def _accept_all(self) -> None:
        if self.active is not None and self.active.session.proposals is not None:
            count = self.active.accept_all()
            self.refresh()
            self._report(f"{plural(count, 'suggestion')} accepted.")


def _select_next(session: Session) -> None:
    session.particles.selected_label = next_id(np.asarray(session.particles.data))
