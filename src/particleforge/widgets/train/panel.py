"""The train panel."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from particleforge.errors import UserError
from particleforge.jobs.messages import Advance, Plain, Task
from particleforge.models.trained import Trained
from particleforge.widgets.folded_form import FoldedForm
from particleforge.widgets.folder_chooser import FolderChooser
from particleforge.widgets.model_chooser import ModelChooser
from particleforge.widgets.name_edit import NameEdit
from particleforge.widgets.panel import Panel
from particleforge.widgets.train.dataset_chooser import DatasetChooser
from particleforge.widgets.train.tasks import new_training, resumed_training
from particleforge.widgets.train.view import TrainingView
from particleforge.widgets.workspace import MODELS
from particleforge.workflows.learn import LearnParams

if TYPE_CHECKING:
    from napari import Viewer


class TrainPanel(Panel):
    """Trains a detector on a few annotated particles."""

    def __init__(self, napari_viewer: "Viewer") -> None:
        super().__init__(napari_viewer, "Train", "Stop")
        self.folder, self.dataset = FolderChooser(), DatasetChooser()
        self.start, self.name = ModelChooser(starting=True), NameEdit(MODELS, "detector")
        self.add_line("Annotations", self.folder, "Folder with images/, labels/ and, optionally, background/.")
        self.add_line(
            "Synthetic",
            self.dataset,
            "Synthetic samples to train on as well: generated during training, or an existing dataset.",
        )
        self.add_line("Start from", self.start, "Model that training starts from.")
        self.add_line("Name", self.name, "Name of the trained detector.")
        self.form, self.view = FoldedForm(LearnParams, ("minutes",), left_out=("start",)), TrainingView()
        for widget in (self.form, self.row, self.view):
            self.body.addWidget(widget)
        self.body.addStretch(1)
        for changed in (self.folder.changed, self.dataset.changed, self.form.changed, self.name.textChanged):
            changed.connect(self.check)
        self.view.resumed.connect(self.resume)
        self.check()

    def problem(self) -> str | None:
        """Return what is missing; None if nothing is."""
        if problem := self.name.problem():
            return problem
        if self.name.path.exists():
            return f"A detector called {self.name.text()} already exists; choose another name."
        return (None if self.dataset.value() else self.folder.problem()) or self.form.problem

    def prepare(self) -> Callable[[], Task]:
        """Return the training as entered."""
        folder = None if self.folder.problem() else self.folder.value()
        params = self.form.params().replace(start=self.start.value())
        return self._begin(self.name.path, new_training(folder, self.dataset.value(), self.name.path, params))

    def resume(self, model: Trained) -> None:
        """Continue a stopped training."""
        try:
            self.row.start(self._begin(model.path, resumed_training(model.path)))
        except UserError as error:
            self.row.message.warn(error)

    def _begin(self, out: Path, task: Task) -> Callable[[], Task]:
        self.view.begin(out)
        return lambda: task

    def advance(self, advance: Advance) -> None:
        """Show the progress of the training."""
        self.view.advance(advance)

    def finish(self, value: Plain) -> None:
        """Report what the detector was trained on."""
        self._end()
        particles = f" on {value['particles']} annotated particles" if "particles" in value else ""
        self.row.message.report(f"{Path(str(value['model'])).name} was trained{particles}. Choose it in Measure.")

    def stop(self) -> None:
        """Report what a stopped training left behind."""
        self._end(stopped=True)
        usable = self.view.trained is not None and self.view.trained.usable
        state = "The best weights so far can be used in Measure" if usable else "There are no usable weights yet"
        self.row.message.report(f"Stopped. {state}; Resume continues the training.")

    def fail(self, error: UserError) -> None:
        """Show what a failed training left behind; its error is already shown."""
        self._end(stopped=True)

    def _end(self, stopped: bool = False) -> None:
        self.view.end(stopped)
        self.name.offer()
        self.reset_choices()

    def reset_choices(self, event: object = None) -> None:
        """Update the models and datasets offered."""
        self.view.refresh()
        self.start.refresh()
        self.dataset.refresh()
        super().reset_choices(event)
