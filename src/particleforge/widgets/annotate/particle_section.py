"""Section 2 of the panel: outlining, painting and mending particles."""

from collections.abc import Callable

import numpy as np
from magicgui.widgets import FloatSlider
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFormLayout, QHBoxLayout, QPushButton

from particleforge.annotate.edit import erase, merge, next_id, split_by_line
from particleforge.errors import UserError
from particleforge.widgets.annotate.edits import accept, apply, particle_at, particle_under, remove
from particleforge.widgets.annotate.outliner import Outliner
from particleforge.widgets.annotate.parts import Section, button, words
from particleforge.widgets.annotate.session import Session
from particleforge.widgets.annotate.tools import Gesture
from particleforge.widgets.form.editor import guard_wheel
from particleforge.widgets.job_row import JobRow
from particleforge.widgets.model_chooser import ModelChooser

TOOLS = {
    "outline": (
        "Outline",
        "Click the middle of a particle, or drag a box around it. Click Outline again to move the image.",
    ),
    "brush": (
        "Brush",
        "Paint a particle; press N before the next one. The keys [ and ] make the brush smaller and larger.",
    ),
    "split": ("Split", "Drag a line right across a particle to cut it in two."),
    "merge": ("Merge", "Click two pieces of one particle, or drag from one to the other."),
    "erase": ("Erase", "Click a particle to remove it."),
    "accept": ("Accept", "Click a suggestion to keep it as a particle."),
    "reject": ("Reject", "Click a suggestion to take it away."),
}
"""Name, text of the button, what to do."""
Say = Callable[[UserError | str | None], None]


class ParticleSection(Section):
    """Buttons of the tools that make particles, and suggestions of a model.

    `picked` gives the name of a tool whose button was clicked, empty to put it down.

    Parameters
    ----------
    row
        Runs the model.
    say
        Told what went wrong or well.
    """

    picked = Signal(str)

    def __init__(self, row: JobRow, say: Say) -> None:
        super().__init__("2  Particles")
        self._say = say
        self.session: Session | None = None
        self._outliner: Outliner | None = None
        self._first_piece = 0
        self.buttons: dict[str, QPushButton] = {}
        self.hint = words()
        self.undo = button("Undo", "Take back the last step (Ctrl+Z).")
        self.undo.clicked.connect(self._undo)
        self.next = button("Next (N)", "Paint another particle, with a number of its own.")
        self.next.clicked.connect(self.next_particle)
        makers = [self._tool("outline"), self._tool("brush"), self.next]
        menders = [self._tool("split"), self._tool("merge"), self._tool("erase"), self.undo]
        for widgets in (makers, menders):
            line = QHBoxLayout()
            for widget in widgets:
                line.addWidget(widget)
            self.rows.addLayout(line)
        self.rows.addWidget(self.hint)
        self.tolerance = FloatSlider(value=0.5, min=0, max=1, step=0.02)
        self.tolerance.tooltip = "Moves the outline clicked last in or out, and those clicked from now on."
        self.tolerance.native.setMinimumWidth(60)
        guard_wheel(self.tolerance.native)
        self.tolerance.changed.connect(self._retune)
        lines = QFormLayout()
        lines.addRow("Outline in - out", self.tolerance.native)
        self.rows.addLayout(lines)
        self._add_suggestions(row)

    @property
    def busy(self) -> bool:
        """Whether a particle is being looked for."""
        return self._outliner is not None and self._outliner.busy

    @property
    def actions(self) -> dict[str, Callable[[Gesture], None]]:
        """What the tools do."""
        return {
            "outline": self._outline,
            "split": self._split,
            "merge": self._merge,
            "erase": self._erase,
            "accept": self._accept,
            "reject": self._reject,
        }

    def set_session(self, session: Session | None) -> None:
        """Work on another image, or on none."""
        self.session = session
        self._first_piece = 0
        if self._outliner is not None:
            self._outliner.close()
            self._outliner = None
        if session is not None:
            self._outliner = Outliner(session.particles, session.source.micrograph.grey)
            self._outliner.tolerance = self.tolerance.value
            self._outliner.failed.connect(self._say)
            session.particles.bind_key("N", lambda _: self.next_particle(), overwrite=True)
        self.show_tool("")
        self.refresh()

    def show_tool(self, name: str) -> None:
        """Show which tool is in use."""
        for other, pushed in self.buttons.items():
            pushed.setChecked(other == name)
        self._first_piece = 0
        self.hint.setText(TOOLS[name][1] if name in TOOLS else self._idle)
        if name == "brush" and self.session is not None and self.session.particles.selected_label == 0:
            self._select_next()

    def refresh(self) -> None:
        """Enable what can be used now."""
        ready = self.session is not None
        proposed = self.session is not None and self.session.proposals is not None
        for name, tool in self.buttons.items():
            tool.setEnabled(proposed if name in ("accept", "reject") else ready)
        for widget in (self.undo, self.next, self.tolerance.native):
            widget.setEnabled(ready)
        self.accept_all.setEnabled(proposed)

    def next_particle(self) -> None:
        """Go on with the brush and a new number."""
        if self.session is not None:
            self._select_next()
            self.picked.emit("brush")

    @property
    def _idle(self) -> str:
        return "Choose a tool." if self.session else ""

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
        self.model.setToolTip("Which trained model suggests particles.")
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

    def _select_next(self) -> None:
        if self.session is not None:
            self.session.particles.selected_label = next_id(np.asarray(self.session.particles.data))

    def _undo(self) -> None:
        session = self.session
        if session is not None:
            active = session.viewer.layers.selection.active
            (session.strokes if active is session.strokes else session.particles).undo()

    def _retune(self, tolerance: float) -> None:
        if self._outliner is None:
            return
        self._outliner.tolerance = tolerance
        self._say(None)
        self._outliner.again()

    def _outline(self, gesture: Gesture) -> None:
        if self._outliner is not None:
            self._outliner.outline(gesture.start, gesture.end if gesture.dragged else None)

    def _split(self, gesture: Gesture) -> None:
        if self.session is not None:
            labels = self.session.particles.data
            particle = particle_under(labels, gesture.start, gesture.end)
            apply(self.session.particles, split_by_line(labels, particle, gesture.start, gesture.end))

    def _merge(self, gesture: Gesture) -> None:
        if self.session is None:
            return
        labels = self.session.particles.data
        pieces = [_particle(labels, gesture.start)]
        if gesture.dragged:
            pieces.append(_particle(labels, gesture.end))
        elif self._first_piece and self._first_piece != pieces[0] and (labels == self._first_piece).any():
            pieces.append(self._first_piece)
        else:
            self._first_piece = pieces[0]
            self._say(f"Particle {pieces[0]}: now click the piece that belongs to it.")
            return
        self._first_piece = 0
        apply(self.session.particles, merge(labels, pieces))

    def _erase(self, gesture: Gesture) -> None:
        if self.session is not None:
            labels = self.session.particles.data
            apply(self.session.particles, erase(labels, _particle(labels, gesture.start)))

    def _accept(self, gesture: Gesture) -> None:
        if self.session is not None and self.session.proposals is not None:
            proposals = self.session.proposals
            found = _particle(proposals.data, gesture.start, "suggestion")
            if not accept(self.session.particles, proposals, np.array([found])):
                raise UserError("All of this suggestion belongs to particles already.", "Reject it.")

    def _reject(self, gesture: Gesture) -> None:
        if self.session is not None and self.session.proposals is not None:
            proposals = self.session.proposals
            remove(proposals, np.array([_particle(proposals.data, gesture.start, "suggestion")]))

    def _accept_all(self) -> None:
        session = self.session
        if session is None or session.proposals is None:
            return
        ids = np.unique(session.proposals.data)
        count = accept(session.particles, session.proposals, ids[ids > 0])
        session.withdraw()
        self.refresh()
        self._say(f"{count} suggestions are particles now.")


def _particle(labels: np.ndarray, point: tuple[float, float], what: str = "particle") -> int:
    """Particle at a point; it must be there."""
    found = particle_at(labels, point)
    if not found:
        raise UserError(f"There is no {what} here.", f"Click on a {what}.")
    return found
