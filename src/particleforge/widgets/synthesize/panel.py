"""The synthesize panel."""

from pathlib import Path
from typing import TYPE_CHECKING

from particleforge.jobs.messages import Plain
from particleforge.recipes.recipe import Recipe
from particleforge.recipes.synthesize import SynthesizeParams
from particleforge.widgets.draw_panel import DrawPanel
from particleforge.widgets.message import Message
from particleforge.widgets.synthesize.compare import Compare
from particleforge.widgets.synthesize.dataset_view import DatasetView
from particleforge.widgets.synthesize.preview import Preview
from particleforge.widgets.synthesize.recipe_section import RecipeSection
from particleforge.widgets.synthesize.sampler import made_by

if TYPE_CHECKING:
    from napari import Viewer

FIRST = SynthesizeParams(count=20, samples_per_shard=4)
"""Few samples per shard: a cancelled job loses the current shard."""


class SynthesizePanel(DrawPanel[Preview]):
    """Draws samples of scenes: one as a preview, then a whole dataset."""

    def __init__(self, napari_viewer: "Viewer") -> None:
        super().__init__(napari_viewer, "Generate", "rendered", ("count", "seed"))
        self.recipe, self.compare, self.about = RecipeSection(Recipe), Compare(napari_viewer), Message()
        self.form.set_params(FIRST)
        self.preview.setToolTip("Show one sample, slightly grainy; click again for the next one.")
        self.body.addWidget(self.recipe)
        self.add_lines()
        self.add_chooser("Compare with", self.compare.chooser, "A real image to show previews and results next to.")
        self.add_line("", self.compare.box, self.compare.box.toolTip())
        self.add_line("Name", self.name, "Name of the dataset.")
        for widget in (self.form, self.row, self.about):
            self.body.addWidget(widget)
        self.body.addStretch(1)
        self.shown, self._dataset = (
            Preview(napari_viewer, self._given, self.compare),
            DatasetView(napari_viewer, self.compare),
        )
        self.shown.reported.connect(self.about.report)
        self.recipe.reported.connect(self.row.message.report)
        for part in (self.shown, self.recipe, self.compare):
            part.failed.connect(self.row.message.warn)
        self.recipe.changed.connect(self.changed)
        self.check()

    def unready(self) -> str | None:
        """Return why no sample can be drawn; None if one can."""
        return self.recipe.problem or self.form.problem

    def inputs(self) -> Plain:
        """Return the recipe."""
        return {"recipe": self.recipe.recipe().model_dump(mode="json")}

    def finish(self, value: Plain) -> None:
        """Show the dataset as a lazily read stack, with what is known of its particles."""
        path = Path(str(value["dataset"]))
        dataset = self._dataset.show(path)
        self.shown.hide()  # before, a stack that is added while other layers are hidden crashes napari 0.9's canvas
        self.about.report(made_by(dataset[0]))
        self.report(value["samples"], path)

    def end(self) -> None:
        """End all work."""
        super().end()
        self.shown.end()
        self.compare.stop()

    def _given(self) -> tuple[Recipe, int]:
        return self.recipe.recipe(), self.form.params().seed
