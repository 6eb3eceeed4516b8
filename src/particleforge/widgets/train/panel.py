"""The train panel."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QLineEdit, QPushButton

from particleforge.errors import UserError
from particleforge.jobs.messages import Advance, Plain, Task
from particleforge.widgets.folded_form import FoldedForm
from particleforge.widgets.folder_chooser import FolderChooser
from particleforge.widgets.layers import file_name
from particleforge.widgets.model_chooser import BUILT_IN, ModelChooser
from particleforge.widgets.panel import Panel
from particleforge.widgets.preview import show_preview
from particleforge.widgets.train.loss import LossPlot
from particleforge.widgets.train.models import ModelList
from particleforge.widgets.workspace import MODELS, free_name, workspace
from particleforge.workflows.learn import LearnParams
from particleforge.workflows.trained import LOG, run_arguments

if TYPE_CHECKING:
    from napari import Viewer

LEARN, TRAIN = "particleforge.workflows.learn:learn", "particleforge.workflows.train:train"
SCRATCH = ("Nothing: from scratch", "scratch")
LOG_SECONDS = 1.0


class TrainPanel(Panel):
    """Trains a detector on a few annotated particles."""

    def __init__(self, napari_viewer: "Viewer") -> None:
        super().__init__(napari_viewer, "Train", "Stop")
        self.folder = FolderChooser()
        self.add_line("Annotated images", self.folder, "Folder with images/, labels/ and perhaps background/.")
        self.start = ModelChooser((BUILT_IN, SCRATCH))
        self.add_line("Start from", self.start, "Weights the training starts from.")
        self.name = QLineEdit()
        self.add_line("Name", self.name, "What the trained detector is called.")
        self.form = FoldedForm(LearnParams, ("minutes",), left_out=("start",))
        self.loss, self.models = LossPlot(), ModelList()
        self.resume = QPushButton("Resume")
        self.resume.setToolTip("Go on with the selected training, which was stopped.")
        for widget in (self.form, self.row, self.loss, self.models, self.resume):
            self.body.addWidget(widget)
        self.body.addStretch(1)
        self._out, self._read_s = workspace() / MODELS, 0.0
        self._offer_name()
        for changed in (self.folder.changed, self.form.changed, self.name.textChanged):
            changed.connect(self.check)
        self.models.itemSelectionChanged.connect(self.check)
        self.resume.clicked.connect(self._resume)
        self.check()

    def problem(self) -> str | None:
        """Say what is missing."""
        if not self.name.text().strip():
            return "Give the detector a name."
        if (workspace() / MODELS / file_name(self.name.text())).exists():
            return f"There is a detector called {self.name.text()} already; choose another name."
        return self.folder.problem() or self.form.problem

    def check(self, *_: object) -> None:
        """Enable what can be done."""
        super().check()
        chosen = self.models.chosen()
        self.resume.setEnabled(chosen is not None and not chosen.finished and not self.row.running)

    def prepare(self) -> Callable[[], Task]:
        """Say what to learn from, and where the detector goes."""
        self._out = workspace() / MODELS / file_name(self.name.text())
        params = self.form.params().replace(start=self.start.value()).model_dump(mode="json")
        args = {"folder": str(self.folder.value()), "out": str(self._out)}
        return self._task(LEARN, args, params)

    def _resume(self) -> None:
        try:
            given = run_arguments(self.models.chosen().path)
        except UserError as error:
            self.row.message.warn(error)
            return
        self._out, learned = self.models.chosen().path, "folder" in given
        given.pop("annotated", None)
        args = {name: given.pop(name) for name in ("folder", "sources") if name in given} | {"out": str(self._out)}
        self.row.start(self._task(LEARN if learned else TRAIN, args, given))

    def _task(self, call: str, args: Plain, params: Plain) -> Callable[[], Task]:
        self.loss.show_log(self._out / LOG)
        self.resume.setEnabled(False)
        return lambda: Task(call=call, args=args, params=params, grace_s=60)

    def advance(self, advance: Advance) -> None:
        """Draw the loss, and what the network finds so far."""
        if advance.preview:
            show_preview(self.viewer, advance.preview, "Training")
        if time.monotonic() - self._read_s > LOG_SECONDS:
            self._read_s = time.monotonic()
            self.loss.show_log(self._out / LOG)
            self.models.refresh(self._out)

    def finish(self, value: Plain) -> None:
        """Say what was learned, and offer the next name."""
        self._refresh()
        particles = f" from {value['particles']} annotated particles" if "particles" in value else ""
        self.row.message.say(f"{Path(str(value['model'])).name} has learned{particles}. Choose it in Measure.")

    def stop(self) -> None:
        """Say what is left of a stopped training."""
        self._refresh()
        usable = any(model.path == self._out and model.usable for model in self.models.models)
        best = "The best so far can be used in Measure" if usable else "It has no usable weights yet"
        self.row.message.say(f"Stopped. {best}; Resume goes on with it.")

    def fail(self, error: UserError) -> None:
        """Show what is left of a failed training."""
        self._refresh()

    def _refresh(self) -> None:
        self.loss.show_log(self._out / LOG)
        self.models.refresh()
        self.start.refresh()
        self._offer_name()
        self.check()

    def _offer_name(self) -> None:
        self.name.setText(free_name(workspace() / MODELS, "detector"))

    def reset_choices(self, event: object = None) -> None:
        """Offer the models there are now."""
        super().reset_choices(event)
        self.models.refresh(self._out if self.row.running else None)
        self.start.refresh()
