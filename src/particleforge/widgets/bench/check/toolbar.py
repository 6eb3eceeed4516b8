"""The tools of the Check step, with icons and keys."""

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QSlider, QVBoxLayout, QWidget

from particleforge.widgets.annotate.parts import words
from particleforge.widgets.bench.buttons import ToolButton, tool
from particleforge.widgets.form.editor import guard_wheel

TOOLS = {
    "outline": (
        "Outline",
        "O",
        "Click the middle of a particle, or drag a box around it. Hold Space to move the image.",
    ),
    "brush": (
        "Brush",
        "B",
        "Paint a new particle, or begin on one to extend it. With Shift it rubs out. [ and ] change the brush.",
    ),
    "split": ("Split", "S", "Drag a line right across a particle to cut it in two."),
    "merge": ("Merge", "M", "Click two pieces of one particle, or drag from one to the other."),
    "erase": ("Erase", "X", "Click a particle to remove it. Where the detector was wrong, there is background."),
}
"""Name and icon, text, key, what to do."""
NO_TOOL = "Click a particle to select it, or choose a tool."
STROKES_HINT = "Paint where there certainly is no particle. [ and ] make the brush smaller and larger."
STEPS = 50


class Toolbar(QWidget):
    """Buttons of the tools, of undo and redo, and the slider of outlines.

    `picked` gives the name of a tool whose button was clicked, empty if it was released. `retuned` gives another
    tolerance of outlines, from 0 to 1.
    """

    picked = Signal(str)
    undone = Signal()
    redone = Signal()
    retuned = Signal(float)

    def __init__(self) -> None:
        super().__init__()
        self.buttons: dict[str, ToolButton] = {}
        line = QHBoxLayout()
        line.setSpacing(2)
        for name, (text, key, tip) in TOOLS.items():
            made = self.buttons[name] = tool(name, text, key, tip)
            made.clicked.connect(self._pick)
            line.addWidget(made)
        self.undo = tool("undo", "Undo", "U", "Take the last step back (Ctrl+Z).", checkable=False)
        self.redo = tool("redo", "Redo", "", "Make it again (Shift+U, Ctrl+Shift+Z).", checkable=False)
        self.undo.clicked.connect(self.undone)
        self.redo.clicked.connect(self.redone)
        for action in (self.undo, self.redo):
            line.addWidget(action)
        self.hint = words(NO_TOOL)
        self.tolerance = QSlider(Qt.Orientation.Horizontal, self)
        self.tolerance.setRange(0, STEPS)
        self.tolerance.setValue(STEPS // 2)
        self.tolerance.setToolTip("Moves the last outline in or out; the next clicks use this value, too.")
        self.tolerance.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        guard_wheel(self.tolerance)
        self.tolerance.valueChanged.connect(self._retune)
        self.slider = QWidget(self)
        row = QHBoxLayout(self.slider)
        row.setContentsMargins(0, 0, 0, 0)
        for widget in (QLabel("Outline in", self), self.tolerance, QLabel("out", self)):
            row.addWidget(widget)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(4)
        box.addLayout(line)
        box.addWidget(self.hint)
        box.addWidget(self.slider)
        self.show_tool("")

    @property
    def value(self) -> float:
        """Tolerance of outlines."""
        return self.tolerance.value() / STEPS

    def show_tool(self, name: str) -> None:
        """Show which tool is in use."""
        for other, pushed in self.buttons.items():
            pushed.setChecked(other == name)
        self.hint.setText(STROKES_HINT if name == "strokes" else TOOLS[name][2] if name in TOOLS else NO_TOOL)
        self.slider.setVisible(name == "outline")

    def refresh(self, ready: bool, can_undo: bool, can_redo: bool) -> None:
        """Update which buttons are enabled."""
        for made in self.buttons.values():
            made.setEnabled(ready)
        self.undo.setEnabled(can_undo)
        self.redo.setEnabled(can_redo)

    def _pick(self, on: bool) -> None:
        name = next(name for name, made in self.buttons.items() if made is self.sender())
        self.picked.emit(name if on else "")

    def _retune(self, value: int) -> None:
        self.retuned.emit(value / STEPS)
