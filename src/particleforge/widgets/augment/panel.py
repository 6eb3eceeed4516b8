"""The augment panel."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import zarr
from qtpy.QtWidgets import QPushButton

from particleforge.jobs.messages import Plain, Task
from particleforge.recipes.recipe import Recipe
from particleforge.recipes.synthesize import SynthesizeParams
from particleforge.store.dataset import Dataset
from particleforge.widgets.augment.preview import Preview, geometry
from particleforge.widgets.augment.recipes import RecipeChooser
from particleforge.widgets.augment.sizes_view import SizesView
from particleforge.widgets.folded_form import FoldedForm
from particleforge.widgets.folder_chooser import FolderChooser
from particleforge.widgets.name_edit import NameEdit
from particleforge.widgets.panel import Panel
from particleforge.widgets.workspace import DATASETS

if TYPE_CHECKING:
    from napari import Viewer

CALL = "particleforge.recipes.synthesize:synthesize"


class AugmentPanel(Panel):
    """Draws new samples from annotated ones: four to look at, then as many as are wanted."""

    def __init__(self, napari_viewer: "Viewer") -> None:
        super().__init__(napari_viewer, "Grow")
        self.folder, self.recipe, self.sizes = FolderChooser(), RecipeChooser(), SizesView()
        self.name, self.form = NameEdit(DATASETS, "grown", ".zarr"), FoldedForm(SynthesizeParams, ("count",))
        self.preview = QPushButton("Preview")
        self.preview.setToolTip("Show four samples; once more shows the next four.")
        self.row.add_button(self.preview)
        self.add_line("Annotated", self.folder, "Folder with images/, labels/ and perhaps background/.")
        self.body.addWidget(self.recipe)
        self.add_lines()
        self.add_line("Name", self.name, "What the dataset is called.")
        for widget in (self.form, self.row, self.sizes):
            self.body.addWidget(widget)
        self.body.addStretch(1)
        self._shown = Preview(napari_viewer, self._given)
        self._shown.compared.connect(self.sizes.show_shift)
        self._shown.failed.connect(self.row.message.warn)
        self.preview.clicked.connect(self._next)
        for changed in (self.folder.changed, self.recipe.changed):
            changed.connect(self._changed)
        for changed in (self.form.changed, self.name.textChanged):
            changed.connect(self.check)
        self.check()

    def problem(self) -> str | None:
        """Say what is missing."""
        return self._unready() or self.name.problem() or self.form.problem

    def check(self, *_: object) -> None:
        """Enable what can be done."""
        super().check()
        self.preview.setEnabled(self._unready() is None)

    def prepare(self) -> Callable[[], Task]:
        """Say what to draw, and where it goes; a dataset that was interrupted is continued."""
        folder, recipe = self._given()
        args = {"recipe": recipe.model_dump(mode="json"), "sources": str(folder), "out": str(self.name.path)}
        params = self.form.params().model_dump(mode="json")
        return lambda: Task(call=CALL, args=args, params=params)

    def finish(self, value: Plain) -> None:
        """Show the dataset as a stack that is read as it is looked at."""
        path = Path(str(value["dataset"]))
        dataset, arrays = Dataset.open(path), zarr.open_group(path, mode="r")
        first = dataset[0]
        options = {"metadata": {"particleforge": first.recipe}, **geometry(first, 3)}
        self.viewer.add_image(arrays["images"], name=path.stem, **options)
        labels = self.viewer.add_labels(arrays["labels"], name=f"{path.stem} particles", **options)
        labels.contour, labels.editable = 2, False
        self._shown.hide()  # before, a stack that is added while other layers are hidden crashes napari 0.9's canvas
        self.viewer.dims.set_current_step(0, 0)
        self.row.message.say(f"{value['samples']} samples are in {path}. Choose them in Train.")
        self.name.offer()
        self._shown.compare_grown(dataset)

    def stop(self) -> None:
        """Say what is left of a stopped job."""
        self.row.message.say("Stopped. Grow with the same settings goes on where it was.")

    def shut(self) -> None:
        """End what is going on."""
        super().shut()
        self._shown.stop()

    def _unready(self) -> str | None:
        """Say what keeps a sample from being drawn."""
        return self.folder.problem() or self.recipe.form.problem

    def _given(self) -> tuple[Path, Recipe]:
        return self.folder.value(), self.recipe.recipe()

    def _next(self) -> None:
        self.row.message.say("")
        self._shown.next()

    def _changed(self) -> None:
        self.check()
        if self.preview.isEnabled():
            self._shown.touch()
