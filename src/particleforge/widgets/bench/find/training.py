"""What a training shows of itself."""

import time
from pathlib import Path

from qtpy.QtWidgets import QVBoxLayout, QWidget

from particleforge.jobs.messages import Advance
from particleforge.models.card import LOG
from particleforge.widgets.bench.find.loss import LossPlot, read_f1
from particleforge.widgets.bench.find.picture import Picture
from particleforge.widgets.message import Message

PICTURE_PX, LOSS_PX = 170, 120
LOG_SECONDS = 1.0
"""Shortest time between two readings of the log."""


class Training(QWidget):
    """What the detector finds so far, how well, and the loss over time."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._log: Path | None = None
        self._read_s = 0.0
        self.picture, self.score, self.loss = Picture(self), Message(self), LossPlot(self)
        self.picture.setFixedHeight(PICTURE_PX)
        self.loss.setFixedHeight(LOSS_PX)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        for widget in (self.picture, self.score, self.loss):
            box.addWidget(widget)

    def begin(self, out: Path) -> None:
        """Follow a training in a folder."""
        self._log, self._read_s = out / LOG, 0.0
        self.picture.hide()
        self.refresh()

    def advance(self, advance: Advance) -> None:
        """Show how far it has come."""
        if advance.preview:
            self.picture.show_file(advance.preview)
        if time.monotonic() - self._read_s > LOG_SECONDS:
            self.refresh()

    def refresh(self) -> None:
        """Show the log as it is on disk."""
        self._read_s = time.monotonic()
        if self._log is None:
            return
        self.loss.show_log(self._log)
        score = read_f1(self._log)
        about = "on sure particles kept apart from the training"
        self.score.report("" if score is None else f"F1 so far {score:.2f} {about} (1: all found, nothing else).")
