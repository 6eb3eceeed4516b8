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
from particleforge.widgets.train.grown_chooser import GrownChooser
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
        self.folder, self.grown = FolderChooser(), GrownChooser()
        self.start, self.name = ModelChooser(starting=True), NameEdit(MODELS, "detector")
        self.add_line("Annotated", self.folder, "Folder with images/, labels/ and perhaps background/.")
        self.add_line(
            "Synthetic", self.grown, "Samples it learns from, too: cut and pasted on the way, or grown before."
        )
        self.add_line("Start from", self.start, "Weights the training starts from.")
        self.add_line("Name", self.name, "What the trained detector is called.")
        self.form, self.view = FoldedForm(LearnParams, ("minutes",), left_out=("start",)), TrainingView()
        for widget in (self.form, self.row, self.view):
            self.body.addWidget(widget)
        self.body.addStretch(1)
        for changed in (self.folder.changed, self.grown.changed, self.form.changed, self.name.textChanged):
            changed.connect(self.check)
        self.view.resumed.connect(self.resume)
        self.check()

    def problem(self) -> str | None:
        """Say what is missing."""
        if problem := self.name.problem():
            return problem
        if self.name.path.exists():
            return f"There is a detector called {self.name.text()} already; choose another name."
        return (None if self.grown.value() else self.folder.problem()) or self.form.problem

    def prepare(self) -> Callable[[], Task]:
        """Say what to learn from, and where the detector goes."""
        folder = None if self.folder.problem() else self.folder.value()
        params = self.form.params().replace(start=self.start.value())
        return self._begin(self.name.path, new_training(folder, self.grown.value(), self.name.path, params))

    def resume(self, model: Trained) -> None:
        """Go on with a training that was stopped."""
        try:
            self.row.start(self._begin(model.path, resumed_training(model.path)))
        except UserError as error:
            self.row.message.warn(error)

    def _begin(self, out: Path, task: Task) -> Callable[[], Task]:
        self.view.begin(out)
        return lambda: task

    def advance(self, advance: Advance) -> None:
        """Show how the training goes."""
        self.view.advance(advance)

    def finish(self, value: Plain) -> None:
        """Say what was learned."""
        self._end()
        particles = f" from {value['particles']} annotated particles" if "particles" in value else ""
        self.row.message.say(f"{Path(str(value['model'])).name} has learned{particles}. Choose it in Measure.")

    def stop(self) -> None:
        """Say what is left of a stopped training."""
        self._end(stopped=True)
        usable = self.view.trained is not None and self.view.trained.usable
        best = "The best so far can be used in Measure" if usable else "It has no usable weights yet"
        self.row.message.say(f"Stopped. {best}; Resume goes on with it.")

    def fail(self, error: UserError) -> None:
        """Show what is left of a failed training; its error is shown already."""
        self._end(stopped=True)

    def _end(self, stopped: bool = False) -> None:
        self.view.end(stopped)
        self.name.offer()
        self.reset_choices()

    def reset_choices(self, event: object = None) -> None:
        """Offer the models and datasets there are now."""
        self.view.refresh()
        self.start.refresh()
        self.grown.refresh()
        super().reset_choices(event)
