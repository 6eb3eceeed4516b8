"""Progress of a training, and the list of models."""

import time
from pathlib import Path

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QPushButton, QVBoxLayout, QWidget

from particleforge.jobs.messages import Advance
from particleforge.models.card import LOG
from particleforge.models.trained import Trained
from particleforge.widgets.train.loss import LossPlot
from particleforge.widgets.train.models import ModelList
from particleforge.widgets.train.picture import Picture

LOG_SECONDS = 1.0
"""Shortest time between two readings of the log."""


class TrainingView(QWidget):
    """Loss and preview of the current training, all models, and a button to resume a stopped one.

    `resumed` gives the one to continue.
    """

    resumed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._out: Path | None = None
        self._running = False
        self._read_s = 0.0
        self.loss, self.picture, self.models = LossPlot(self), Picture(self), ModelList(self)
        self.resume = QPushButton("Resume the selected training", self)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        for widget in (self.loss, self.picture, self.models, self.resume):
            box.addWidget(widget)
        self.models.itemSelectionChanged.connect(self._offer)
        self.resume.clicked.connect(self._resume)
        self._offer()

    @property
    def trained(self) -> Trained | None:
        """The model of the current training so far."""
        return next((model for model in self.models.models if model.path == self._out), None)

    def begin(self, out: Path) -> None:
        """Follow a training in a folder."""
        self._out, self._running = out, True
        self.picture.hide()
        self.refresh()

    def advance(self, advance: Advance) -> None:
        """Draw the loss, and the particles found so far."""
        if advance.preview:
            self.picture.show_file(advance.preview)
        if time.monotonic() - self._read_s > LOG_SECONDS:
            self._read_s = time.monotonic()
            self.refresh()

    def end(self, stopped: bool = False) -> None:
        """Show the result of the training; a stopped one is selected."""
        self._running = False
        self.refresh()
        if stopped and self._out is not None:
            self.models.choose(self._out)

    def refresh(self) -> None:
        """Show log and models as they are on disk."""
        if self._out is not None:
            self.loss.show_log(self._out / LOG)
        self.models.refresh(self._out if self._running else None)
        self._offer()

    def _resume(self) -> None:
        self.resumed.emit(self.models.chosen())

    def _offer(self) -> None:
        model = self.models.chosen()
        stopped = model is not None and not model.finished and not self._running
        self.resume.setEnabled(stopped)
        self.resume.setVisible(stopped)
