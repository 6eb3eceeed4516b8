"""The train panel."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QPushButton

from particleforge.errors import UserError
from particleforge.jobs.messages import Advance, Plain, Task
from particleforge.widgets.folded_form import FoldedForm
from particleforge.widgets.folder_chooser import FolderChooser
from particleforge.widgets.model_chooser import BUILT_IN, ModelChooser
from particleforge.widgets.name_edit import NameEdit
from particleforge.widgets.panel import Panel
from particleforge.widgets.train.grown_chooser import GrownChooser
from particleforge.widgets.train.loss import LossPlot
from particleforge.widgets.train.models import ModelList
from particleforge.widgets.train.picture import Picture
from particleforge.widgets.train.tasks import new_training, resumed_training
from particleforge.widgets.workspace import MODELS
from particleforge.workflows.learn import LearnParams
from particleforge.workflows.trained import LOG

if TYPE_CHECKING:
    from napari import Viewer

SCRATCH = ("Nothing: from scratch", "scratch")
LOG_SECONDS = 1.0


class TrainPanel(Panel):
    """Trains a detector on a few annotated particles."""

    def __init__(self, napari_viewer: "Viewer") -> None:
        super().__init__(napari_viewer, "Train", "Stop")
        self.folder, self.grown = FolderChooser(), GrownChooser()
        self.start, self.name = ModelChooser((BUILT_IN, SCRATCH)), NameEdit(MODELS, "detector")
        self.add_line("Annotated", self.folder, "Folder with images/, labels/ and perhaps background/.")
        self.add_line(
            "Synthetic", self.grown, "Samples it learns from, too: cut and pasted on the way, or a grown dataset."
        )
        self.add_line("Start from", self.start, "Weights the training starts from.")
        self.add_line("Name", self.name, "What the trained detector is called.")
        self.form = FoldedForm(LearnParams, ("minutes",), left_out=("start",))
        self.loss, self.picture = LossPlot(), Picture()
        self.models, self.resume = ModelList(), QPushButton("Resume the selected training")
        for widget in (self.form, self.row, self.loss, self.picture, self.models, self.resume):
            self.body.addWidget(widget)
        self.body.addStretch(1)
        self._out, self._read_s = self.name.path, 0.0
        for changed in (self.folder.changed, self.grown.changed, self.form.changed, self.name.textChanged):
            changed.connect(self.check)
        self.models.itemSelectionChanged.connect(self.check)
        self.resume.clicked.connect(self._resume)
        self.check()

    def problem(self) -> str | None:
        """Say what is missing."""
        if problem := self.name.problem():
            return problem
        if self.name.path.exists():
            return f"There is a detector called {self.name.text()} already; choose another name."
        return (None if self.grown.value() else self.folder.problem()) or self.form.problem

    def check(self, *_: object) -> None:
        """Enable what can be done."""
        super().check()
        chosen = self.models.chosen()
        stopped = chosen is not None and not chosen.finished and not self.row.running
        self.resume.setEnabled(stopped)
        self.resume.setVisible(stopped)

    def prepare(self) -> Callable[[], Task]:
        """Say what to learn from, and where the detector goes."""
        folder = None if self.folder.problem() else self.folder.value()
        params = self.form.params().replace(start=self.start.value())
        return self._begin(self.name.path, new_training(folder, self.grown.value(), self.name.path, params))

    def _resume(self) -> None:
        model = self.models.chosen().path
        try:
            self.row.start(self._begin(model, resumed_training(model)))
        except UserError as error:
            self.row.message.warn(error)

    def _begin(self, out: Path, task: Task) -> Callable[[], Task]:
        self._out = out
        self.loss.show_log(out / LOG)
        self.picture.hide()
        self.resume.hide()
        return lambda: task

    def advance(self, advance: Advance) -> None:
        """Draw the loss, and what the network finds so far."""
        if advance.preview:
            self.picture.show_file(advance.preview)
        if time.monotonic() - self._read_s > LOG_SECONDS:
            self._read_s = time.monotonic()
            self.loss.show_log(self._out / LOG)
            self.models.refresh(self._out)

    def finish(self, value: Plain) -> None:
        """Say what was learned, and offer the next name."""
        self._refresh()
        particles = f" from {value['particles']} annotated particles" if "particles" in value else ""
        self.row.message.say(f"{self._out.name} has learned{particles}. Choose it in Measure.")

    def stop(self) -> None:
        """Say what is left of a stopped training."""
        self._refresh()
        self.models.choose(self._out)
        usable = any(model.path == self._out and model.usable for model in self.models.models)
        best = "The best so far can be used in Measure" if usable else "It has no usable weights yet"
        self.row.message.say(f"Stopped. {best}; Resume goes on with it.")

    def fail(self, error: UserError) -> None:
        """Show what is left of a failed training; its error is shown already."""
        self._refresh()

    def _refresh(self) -> None:
        self.loss.show_log(self._out / LOG)
        self.name.offer()
        self.reset_choices()

    def reset_choices(self, event: object = None) -> None:
        """Offer the models and datasets there are now."""
        self.models.refresh(self._out if self.row.running else None)
        self.start.refresh()
        self.grown.refresh()
        super().reset_choices(event)
