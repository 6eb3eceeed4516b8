"""Going through the doubtful particles."""

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from particleforge.widgets.annotate.parts import words
from particleforge.widgets.bench.buttons import quiet
from particleforge.wording import plural


class QueueRow(QWidget):
    """States how many doubtful particles have been checked, and offers the next one."""

    wanted = Signal()
    confirmed = Signal()
    removed = Signal()
    all_confirmed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.text = words()
        self.next = quiet("Next (N)", "doubt", "Go to the next doubtful particle.")
        self.confirm = quiet("Right (C)", "accept", "The selected particles are right: confirm them and go on.")
        self.remove = quiet("Wrong (X)", "trash", "The selected particles are none: remove them and go on.")
        self.all = quiet("Confirm all particles", "", "All particles of this image are right, one step to undo.")
        self.next.clicked.connect(self.wanted)
        self.confirm.clicked.connect(self.confirmed)
        self.remove.clicked.connect(self.removed)
        self.all.clicked.connect(self.all_confirmed)
        line = QHBoxLayout()
        for made in (self.next, self.confirm, self.remove):
            line.addWidget(made)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 4, 0, 0)
        box.setSpacing(4)
        box.addWidget(self.text)
        box.addLayout(line)
        box.addWidget(self.all)

    def refresh(self, doubtful: int, left: int, chosen: int, unsure: int, total: int, why: str) -> None:
        """Show numbers and what is selected.

        Parameters
        ----------
        doubtful, left
            Number of doubtful particles, and of those nobody has decided on.
        chosen, unsure, total
            Number of selected particles, of those that are not sure, and of all.
        why
            Why the selected one is doubtful; empty if it is not.
        """
        if not doubtful:
            text = "No particle stands out as doubtful."
        else:
            text = f"{doubtful - left} of {plural(doubtful, 'doubtful particle')} checked."
        self.text.setText(f"{text} This one: {why}." if why else text)
        self.next.setEnabled(left > 0)
        self.confirm.setEnabled(chosen > 0)
        self.remove.setEnabled(chosen > 0)
        self.all.setEnabled(unsure > 0)
        which = f"all {plural(total, 'particle')}" if unsure == total else f"the other {plural(unsure, 'particle')}"
        self.all.setText(
            f"Confirm {which}" if unsure else "All particles are confirmed" if total else "No particles yet"
        )
