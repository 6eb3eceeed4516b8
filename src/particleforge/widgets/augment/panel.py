"""The augment panel."""

from pathlib import Path
from typing import TYPE_CHECKING

from napari.layers import Image, Labels

from particleforge.jobs.messages import Plain
from particleforge.recipes.recipe import Recipe
from particleforge.store.dataset import Dataset
from particleforge.widgets.augment.preview import Preview, geometry
from particleforge.widgets.augment.recipes import RecipeChooser
from particleforge.widgets.augment.sizes_view import SizesView
from particleforge.widgets.draw_panel import DrawPanel
from particleforge.widgets.folder_chooser import FolderChooser

if TYPE_CHECKING:
    from napari import Viewer


class AugmentPanel(DrawPanel[Preview]):
    """Draws new samples from annotated ones: four as a preview, then a whole dataset."""

    def __init__(self, napari_viewer: "Viewer") -> None:
        super().__init__(napari_viewer, "Generate", "augmented", ("count",))
        self.folder, self.recipe, self.sizes = FolderChooser(), RecipeChooser(), SizesView()
        self.preview.setToolTip("Show four samples; click again for the next four.")
        self.add_line("Annotations", self.folder, "Folder with images/, labels/ and, optionally, background/.")
        self.body.addWidget(self.recipe)
        self.add_lines()
        self.add_line("Name", self.name, "Name of the dataset.")
        for widget in (self.form, self.row, self.sizes):
            self.body.addWidget(widget)
        self.body.addStretch(1)
        self.shown = Preview(napari_viewer, self._given)
        self.shown.compared.connect(self.sizes.show_shift)
        self.shown.failed.connect(self.row.message.warn)
        for changed in (self.folder.changed, self.recipe.changed):
            changed.connect(self.changed)
        self.check()

    def unready(self) -> str | None:
        """Return why no sample can be drawn; None if one can."""
        return self.folder.problem() or self.recipe.form.problem

    def inputs(self) -> Plain:
        """Return the recipe and the annotated images."""
        folder, recipe = self._given()
        return {"recipe": recipe.model_dump(mode="json"), "sources": str(folder)}

    def finish(self, value: Plain) -> None:
        """Show the dataset as a lazily read stack."""
        path = Path(str(value["dataset"]))
        dataset = Dataset.open(path)
        images, ids = (dataset.stack(name) for name in ("images", "labels"))
        first = dataset[0]
        options = {"metadata": {"particleforge": first.recipe}, **geometry(first, 3)}
        labels = Labels(ids, name=f"{path.stem} particles", **options)
        labels.contour, labels.editable = 2, False
        for layer in (Image(images, name=path.stem, **options), labels):
            self.viewer.add_layer(layer)
        self.shown.hide()  # before, a stack that is added while other layers are hidden crashes napari 0.9's canvas
        self.viewer.dims.set_current_step(0, 0)
        self.report(value["samples"], path)
        self.shown.compare_dataset(dataset)

    def end(self) -> None:
        """End all work."""
        super().end()
        self.shown.stop()

    def _given(self) -> tuple[Path, Recipe]:
        return self.folder.value(), self.recipe.recipe()
