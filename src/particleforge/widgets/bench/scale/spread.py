"""The scale of the image that is shown for other images, too."""

from collections.abc import Callable, Iterable, Mapping

import numpy as np
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from particleforge.widgets.annotate.parts import words
from particleforge.widgets.bench.buttons import quiet
from particleforge.widgets.bench.scale.facts import Facts, per_pixel
from particleforge.widgets.bench.scale.same_bar import Proposal
from particleforge.wording import listed, plural

Targets = Mapping[str, tuple[str, ...]]
SELECTED, LACKING, GROUP, ALIKE = "selected", "lacking", "group", "alike"
TEXTS = {SELECTED: "Selected", LACKING: "All without a scale", GROUP: "Same group", ALIKE: "Same size and instrument"}
TIPS = {
    SELECTED: "The images that are selected in the list above.",
    LACKING: "All images of the project that have no scale yet.",
    GROUP: "All images of the group of this one.",
    ALIKE: "All images with as many pixels whose files state their scale in the same place, or not at all: in most "
    "cases those of the same instrument. They may have been taken at other magnifications.",
}


def targets(shown: Facts | None, facts: Iterable[Facts], selected: Iterable[str]) -> Targets:
    """Names of the other images that would get another scale than they have, for each button."""
    if shown is None or shown.side_nm is None:
        return dict.fromkeys(TEXTS, ())
    side, chosen = shown.side_nm, set(selected)
    others = [f for f in facts if f.name != shown.name and not _has(f, side)]
    belongs: dict[str, Callable[[Facts], bool]] = {
        SELECTED: lambda f: f.name in chosen,
        LACKING: lambda f: f.lacks_scale and not f.problem,
        GROUP: lambda f: bool(f.group) and f.group == shown.group,
        ALIKE: shown.is_like,
    }
    return {key: tuple(f.name for f in others if member(f)) for key, member in belongs.items()}


class Spread(QWidget):
    """A button for each set of images with their number, one for those with the same bar, and one to undo.

    `chosen` gives names of images, `accepted` a `Proposal`; `undone` is emitted by the button to undo.
    """

    chosen = Signal(object)
    accepted = Signal(object)
    undone = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._targets: Targets = {}
        self.title = QLabel(self)
        self.undo = quiet("Undo", "undo", "Give the images the scale back that they had before.")
        self.undo.clicked.connect(self.undone)
        self.buttons: dict[str, QPushButton] = {}
        self._grid = QGridLayout()
        self._grid.setSpacing(4)
        for key, text in TEXTS.items():
            button = self.buttons[key] = quiet(text, tip=TIPS[key])
            button.setObjectName(key)
            button.clicked.connect(self._choose)
        head = QHBoxLayout()
        head.addWidget(self.title, 1)
        head.addWidget(self.undo)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(4)
        box.addWidget(self._same())
        box.addLayout(head)
        box.addLayout(self._grid)

    def show_targets(self, shown: Facts | None, found: Targets, undoable: int) -> None:
        """Show how many images each button would change."""
        side = None if shown is None else shown.side_nm
        self.title.setText("Use this scale for" if side is None else f"Use {per_pixel(side)} for")
        self.undo.setVisible(undoable > 0)
        self.undo.setText(f"Undo for {plural(undoable, 'image')}")
        self._targets = found
        for key, button in self.buttons.items():
            names = found.get(key, ())
            text = f"Group {shown.group}" if key == GROUP and shown is not None and shown.group else TEXTS[key]
            button.setText(f"{text} ({len(names)})" if names else text)
            button.setVisible(bool(names))
            self._grid.removeWidget(button)
        for place, key in enumerate(key for key in self.buttons if found.get(key)):
            self._grid.addWidget(self.buttons[key], place // 2, place % 2)
        self.title.setVisible(any(found.values()))

    def propose(self, proposal: Proposal | None) -> None:
        """Offer the scale for images with the same bar; None takes the offer back."""
        self._proposal = proposal
        self.proposal.setVisible(proposal is not None)
        if proposal is not None:
            names, pronoun = proposal.names, "it" if len(proposal.names) == 1 else "them"
            scale = per_pixel(proposal.side_nm)
            self.proposed.setText(f"The same bar is in {plural(len(names), 'other image')}: {listed(names, 3)}.")
            self.accept.setText(f"Use {scale} for {pronoun}, too")

    def _same(self) -> QWidget:
        """Make what proposes images with the same bar."""
        self.proposal, self.proposed = QWidget(self), words()
        self.accept = quiet("", "accept", "The length of their bar, its text and their data bar are the same.")
        self.accept.clicked.connect(self._accept)
        box = QVBoxLayout(self.proposal)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.proposed)
        box.addWidget(self.accept)
        self.propose(None)
        return self.proposal

    def _accept(self) -> None:
        proposal = self._proposal
        self.propose(None)
        if proposal is not None:
            self.accepted.emit(proposal)

    def _choose(self) -> None:
        sender = self.sender()
        if sender is not None:
            self.chosen.emit(self._targets[sender.objectName()])


def _has(facts: Facts, side_nm: float) -> bool:
    return facts.side_nm is not None and bool(np.isclose(facts.side_nm, side_nm, rtol=1e-9, atol=0))
