"""The augment panel."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import zarr
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QLineEdit, QPushButton

from particleforge.jobs.messages import Plain, Task
from particleforge.recipes.synthesize import SynthesizeParams
from particleforge.sample import Sample
from particleforge.store.dataset import Dataset
from particleforge.widgets.augment.recipes import RecipeChooser
from particleforge.widgets.augment.samples import SHOWN, Sampler, mosaic
from particleforge.widgets.background import Background
from particleforge.widgets.folded_form import FoldedForm
from particleforge.widgets.folder_chooser import FolderChooser
from particleforge.widgets.layers import file_name
from particleforge.widgets.panel import Panel
from particleforge.widgets.preview import put_layer
from particleforge.widgets.workspace import DATASETS, free_name, workspace

if TYPE_CHECKING:
    from napari import Viewer

CALL = "particleforge.recipes.synthesize:synthesize"
SETTLED_MS = 250


class AugmentPanel(Panel):
    """Draws new samples from annotated ones: four to look at, then as many as are wanted."""

    def __init__(self, napari_viewer: "Viewer") -> None:
        super().__init__(napari_viewer, "Grow")
        self.folder, self.recipe = FolderChooser(), RecipeChooser()
        self.add_line("Annotated images", self.folder, "Folder with images/, labels/ and perhaps background/.")
        self.preview = QPushButton("Preview")
        self.preview.setToolTip("Show four samples; once more shows the next four.")
        self.name = QLineEdit()
        self.form = FoldedForm(SynthesizeParams, ("count",))
        self.body.addWidget(self.recipe)
        self.body.addWidget(self.preview)
        self.add_lines()
        self.add_line("Name", self.name, "What the dataset is called.")
        self.body.addWidget(self.form)
        self.body.addWidget(self.row)
        self.body.addStretch(1)
        self._sampler, self._first = Sampler(), -SHOWN
        self._background = Background()
        self._background.done.connect(self._show_preview)
        self._background.failed.connect(self.row.message.warn)
        self._timer = QTimer(self, interval=SETTLED_MS, singleShot=True)
        self._timer.timeout.connect(self._draw)
        self.preview.clicked.connect(self._next)
        self.name.setText(free_name(workspace() / DATASETS, "grown", ".zarr"))
        self.recipe.changed.connect(self._changed)
        for changed in (self.folder.changed, self.form.changed, self.name.textChanged):
            changed.connect(self.check)
        self.check()

    @property
    def path(self) -> Path:
        """Folder of the dataset."""
        return workspace() / DATASETS / f"{file_name(self.name.text())}.zarr"

    def problem(self) -> str | None:
        """Say what is missing."""
        return self.folder.problem() or self.recipe.form.problem or self.form.problem

    def check(self, *_: object) -> None:
        """Enable what can be done."""
        super().check()
        self.preview.setEnabled((self.folder.problem() or self.recipe.form.problem) is None)

    def prepare(self) -> Callable[[], Task]:
        """Say what to draw, and where it goes; a dataset that was interrupted is continued."""
        args = {
            "recipe": self.recipe.recipe().model_dump(mode="json"),
            "sources": str(self.folder.value()),
            "out": str(self.path),
        }
        params = self.form.params().model_dump(mode="json")
        return lambda: Task(call=CALL, args=args, params=params)

    def finish(self, value: Plain) -> None:
        """Show the dataset as a stack that is read as it is looked at."""
        path = Path(str(value["dataset"]))
        first = Dataset.open(path)[0]
        arrays = zarr.open_group(path, mode="r")
        options = {"metadata": {"particleforge": first.recipe}, **_geometry(first, 3)}
        self._clear()
        self.viewer.add_image(arrays["images"], name=path.stem, **options)
        labels = self.viewer.add_labels(arrays["labels"], name=f"{path.stem} particles", **options)
        labels.contour, labels.editable = 2, False
        self.viewer.dims.set_current_step(0, 0)
        self.row.message.say(f"{value['samples']} samples are in {path}.")
        self.name.setText(free_name(workspace() / DATASETS, "grown", ".zarr"))

    def stop(self) -> None:
        """Say what is left of a stopped job."""
        self.row.message.say("Stopped. Grow with the same settings goes on where it was.")

    def shut(self) -> None:
        """End what is going on."""
        super().shut()
        self._timer.stop()
        self._background.drop()

    def _next(self) -> None:
        self._first += SHOWN
        self._draw()

    def _changed(self) -> None:
        self.check()
        if self._first >= 0 and self.preview.isEnabled():
            self._timer.start()

    def _draw(self) -> None:
        sampler, folder, recipe, first = self._sampler, self.folder.value(), self.recipe.recipe(), self._first
        self.row.message.say("")
        self._background.run(lambda outdated: sampler.draw(folder, recipe, first, outdated))

    def _show_preview(self, samples: list[Sample]) -> None:
        image, labels = mosaic(samples)
        new = "Preview" not in self.viewer.layers
        options = {"metadata": {"particleforge": samples[0].recipe}, **_geometry(samples[0], 2)}
        shown = put_layer(self.viewer, self.viewer.add_image, "Preview", image, **options)
        shown.reset_contrast_limits()
        put_layer(self.viewer, self.viewer.add_labels, "Preview particles", labels, **options).contour = 2
        if new:
            self.viewer.reset_view()

    def _clear(self) -> None:
        for name in ("Preview", "Preview particles"):
            if name in self.viewer.layers:
                self.viewer.layers.remove(name)


def _geometry(sample: Sample, axes: int) -> dict[str, object]:
    """Scale and units of a sample, behind axes that are counted."""
    size = sample.micrograph.pixel_size_nm
    scale, unit = ((1.0, 1.0), "pixel") if size is None else (size, "nm")
    return {
        "scale": (*[1.0] * (axes - 2), *scale),
        "units": (*["pixel"] * (axes - 2), unit, unit),
        "axis_labels": ("sample", "y", "x")[-axes:],
    }
