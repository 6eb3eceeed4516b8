"""The synthesize panel."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QPushButton

from particleforge.jobs.messages import Plain, Task
from particleforge.recipes.recipe import Recipe
from particleforge.recipes.synthesize import SynthesizeParams
from particleforge.widgets.folded_form import FoldedForm
from particleforge.widgets.message import Message
from particleforge.widgets.name_edit import NameEdit
from particleforge.widgets.panel import Panel
from particleforge.widgets.synthesize.compare import Compare
from particleforge.widgets.synthesize.grown import Grown
from particleforge.widgets.synthesize.preview import Preview
from particleforge.widgets.synthesize.recipe_section import RecipeSection
from particleforge.widgets.synthesize.sampler import rendered_by
from particleforge.widgets.workspace import DATASETS

if TYPE_CHECKING:
    from napari import Viewer

CALL = "particleforge.recipes.synthesize:synthesize"
FIRST = SynthesizeParams(count=20, samples_per_shard=4)
"""Few samples per shard: a job that is cancelled loses the shard it is at."""


class SynthesizePanel(Panel):
    """Draws samples of scenes: one to look at, then as many as are wanted."""

    def __init__(self, napari_viewer: "Viewer") -> None:
        super().__init__(napari_viewer, "Generate")
        self.recipe, self.compare = RecipeSection(), Compare(napari_viewer)
        self.name, self.form = NameEdit(DATASETS, "rendered", ".zarr"), FoldedForm(SynthesizeParams, ("count", "seed"))
        self.form.set_params(FIRST)
        self.preview, self.about = QPushButton("Preview"), Message()
        self.preview.setToolTip("Show one sample, a little grainy; once more shows the next one.")
        self.row.add_button(self.preview)
        self.body.addWidget(self.recipe)
        self.add_lines()
        self.add_chooser("Beside", self.compare.chooser, "Real image that previews and results are shown beside of.")
        self.add_line("", self.compare.box, self.compare.box.toolTip())
        self.add_line("Name", self.name, "What the dataset is called.")
        for widget in (self.form, self.row, self.about):
            self.body.addWidget(widget)
        self.body.addStretch(1)
        self._shown, self._grown = Preview(napari_viewer, self._given, self.compare), Grown(napari_viewer, self.compare)
        self._shown.said.connect(self.about.say)
        self.recipe.said.connect(self.row.message.say)
        for part in (self._shown, self.recipe, self.compare):
            part.failed.connect(self.row.message.warn)
        self.preview.clicked.connect(self._next)
        self.recipe.changed.connect(self._changed)
        for changed in (self.form.changed, self.name.textChanged):
            changed.connect(self.check)
        self.check()

    def problem(self) -> str | None:
        """Say what is missing."""
        return self._unready() or self.name.problem()

    def check(self, *_: object) -> None:
        """Enable what can be done."""
        super().check()
        self.preview.setEnabled(self._unready() is None)

    def prepare(self) -> Callable[[], Task]:
        """Say what to draw, and where it goes; a dataset that was interrupted is continued."""
        args = {"recipe": self.recipe.recipe().model_dump(mode="json"), "out": str(self.name.path)}
        params = self.form.params().model_dump(mode="json")
        return lambda: Task(call=CALL, args=args, params=params)

    def finish(self, value: Plain) -> None:
        """Show the dataset as a stack that is read as it is looked at, with what is known of its particles."""
        path = Path(str(value["dataset"]))
        dataset = self._grown.show(path)
        self._shown.hide()  # before, a stack that is added while other layers are hidden crashes napari 0.9's canvas
        self.about.say(rendered_by(dataset[0]))
        self.row.message.say(f"{value['samples']} samples are in {path}. Choose them in Train.")
        self.name.offer()

    def stop(self) -> None:
        """Say what is left of a stopped job."""
        self.row.message.say("Stopped. Generate with the same settings goes on where it was.")

    def shut(self) -> None:
        """End what is going on."""
        super().shut()
        self._shown.shut()
        self.compare.stop()

    def _unready(self) -> str | None:
        """Say what keeps a sample from being drawn."""
        return self.recipe.problem or self.form.problem

    def _given(self) -> tuple[Recipe, int]:
        return self.recipe.recipe(), self.form.params().seed

    def _next(self) -> None:
        self.row.message.say("")
        self._shown.next()

    def _changed(self) -> None:
        self.check()
        if self.preview.isEnabled():
            self._shown.touch()
        else:
            self._shown.stop()
