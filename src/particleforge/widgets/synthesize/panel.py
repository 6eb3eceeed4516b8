"""The synthesize panel."""

from pathlib import Path
from typing import TYPE_CHECKING

from particleforge.jobs.messages import Plain
from particleforge.recipes.recipe import Recipe
from particleforge.recipes.synthesize import SynthesizeParams
from particleforge.widgets.draw_panel import DrawPanel
from particleforge.widgets.message import Message
from particleforge.widgets.synthesize.compare import Compare
from particleforge.widgets.synthesize.grown import Grown
from particleforge.widgets.synthesize.preview import Preview
from particleforge.widgets.synthesize.recipe_section import RecipeSection
from particleforge.widgets.synthesize.sampler import made_by

if TYPE_CHECKING:
    from napari import Viewer

FIRST = SynthesizeParams(count=20, samples_per_shard=4)
"""Few samples per shard: a job that is cancelled loses the shard it is at."""


class SynthesizePanel(DrawPanel[Preview]):
    """Draws samples of scenes: one to look at, then as many as are wanted."""

    def __init__(self, napari_viewer: "Viewer") -> None:
        super().__init__(napari_viewer, "Generate", "rendered", ("count", "seed"))
        self.recipe, self.compare, self.about = RecipeSection(Recipe), Compare(napari_viewer), Message()
        self.form.set_params(FIRST)
        self.preview.setToolTip("Show one sample, a little grainy; once more shows the next one.")
        self.body.addWidget(self.recipe)
        self.add_lines()
        self.add_chooser("Beside", self.compare.chooser, "Real image that previews and results are shown beside of.")
        self.add_line("", self.compare.box, self.compare.box.toolTip())
        self.add_line("Name", self.name, "What the dataset is called.")
        for widget in (self.form, self.row, self.about):
            self.body.addWidget(widget)
        self.body.addStretch(1)
        self.shown, self._grown = Preview(napari_viewer, self._given, self.compare), Grown(napari_viewer, self.compare)
        self.shown.said.connect(self.about.say)
        self.recipe.said.connect(self.row.message.say)
        for part in (self.shown, self.recipe, self.compare):
            part.failed.connect(self.row.message.warn)
        self.recipe.changed.connect(self.changed)
        self.check()

    def unready(self) -> str | None:
        """Say what keeps a sample from being drawn."""
        return self.recipe.problem or self.form.problem

    def inputs(self) -> Plain:
        """Give the recipe."""
        return {"recipe": self.recipe.recipe().model_dump(mode="json")}

    def finish(self, value: Plain) -> None:
        """Show the dataset as a stack that is read as it is looked at, with what is known of its particles."""
        path = Path(str(value["dataset"]))
        dataset = self._grown.show(path)
        self.shown.hide()  # before, a stack that is added while other layers are hidden crashes napari 0.9's canvas
        self.about.say(made_by(dataset[0]))
        self.tell(value["samples"], path)

    def shut(self) -> None:
        """End what is going on."""
        super().shut()
        self.shown.shut()
        self.compare.stop()

    def _given(self) -> tuple[Recipe, int]:
        return self.recipe.recipe(), self.form.params().seed
