"""The aggregates panel."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QLabel, QPushButton

from particleforge.errors import UserError
from particleforge.jobs.messages import Plain, Task
from particleforge.store.source import Plane
from particleforge.widgets.aggregates.grow_section import GrowSection
from particleforge.widgets.aggregates.images import Images, write_task
from particleforge.widgets.aggregates.rows import Rows, estimate_rows
from particleforge.widgets.aggregates.shadow_view import ShadowView
from particleforge.widgets.folded_form import FoldedForm
from particleforge.widgets.model_chooser import ModelChooser
from particleforge.widgets.name_edit import NameEdit
from particleforge.widgets.panel import Panel
from particleforge.widgets.scratch import Scratch
from particleforge.widgets.workspace import RESULTS
from particleforge.workflows.estimate import EstimateParams, estimate
from particleforge.workflows.shadow import ShadowParams, shadow

if TYPE_CHECKING:
    from napari import Viewer

NO_ESTIMATOR = "Choose the folder of a trained estimator."


class AggregatesPanel(Panel):
    """Grows aggregates while their parameters change; estimates parameters from images, and grows their shadow."""

    def __init__(self, napari_viewer: "Viewer") -> None:
        super().__init__(napari_viewer, "Estimate")
        self.growth, self.images = GrowSection(napari_viewer), Images(self.viewer)
        self.model = ModelChooser("estimator")
        self.name, self.form = NameEdit(RESULTS, "shadow"), FoldedForm(ShadowParams, ("n",), ("pixel_size",))
        self.shadow, self.estimates = QPushButton("Grow shadow"), Rows()
        self.shadow.setToolTip("Estimate the parameters, then grow aggregates with them and describe these.")
        self.view = ShadowView(self.growth.params)
        self.row.add_button(self.shadow)
        self.body.addWidget(self.growth)
        self.body.addWidget(QLabel("<b>Estimate from images</b>"))
        self.add_lines()
        tip = "Model that estimates parameters from images; train your own with the command train --model estimator."
        self.add_line("Estimator", self.model, tip)
        self.add_chooser("Images", self.images.chooser, "Images of one material: a layer, a stack, or several layers.")
        self.add_line("Name", self.name, "Name of the shadow.")
        for widget in (self.form, self.row, self.estimates, self.view):
            self.body.addWidget(widget)
        self.body.addStretch(1)
        self._scratch: Scratch | None = None
        self._connect()
        self.check()

    def _connect(self) -> None:
        self.shadow.clicked.connect(self._run_shadow)
        self.growth.grown.connect(self.view.follow)
        self.view.requested.connect(self.growth.set_params)
        self.view.failed.connect(self.row.message.warn)
        for changed in (self.model.changed, self.form.changed, self.name.textChanged):
            changed.connect(self.check)
        self.viewer.layers.selection.events.changed.connect(self.check)

    def problem(self) -> str | None:
        """Return what is missing; None if nothing is."""
        return self.images.problem if self.model.value() else NO_ESTIMATOR

    def check(self, *_: object) -> None:
        """Update which buttons are enabled."""
        super().check()
        self.shadow.setEnabled((self.problem() or self.name.problem() or self.form.problem) is None)

    def prepare(self) -> Callable[[], Task]:
        """Pass the images on as files, to estimate from."""
        model, images, folder = self._given()
        return lambda: write_task(estimate, (model, folder / "results"), images, folder, EstimateParams())

    def finish(self, value: Plain) -> None:
        """Show the estimates, and the shadow if one was grown."""
        self._scratch = None
        self.estimates.show_rows(estimate_rows(value["estimates"]))
        if "recipe" in value:
            folder = Path(str(value["results"]))
            self.view.show_shadow(folder)
            self.row.message.report(f"The shadow was saved in {folder}.")
            self.name.offer()

    def reset_choices(self, event: object = None) -> None:
        """Update the layers, estimators and shadows offered."""
        self.model.refresh()
        self.view.refresh()
        self.growth.rearrange()
        super().reset_choices(event)

    def pause(self) -> None:
        """Drop what is being grown and compared."""
        self.growth.pause()
        self.view.stop()

    def end(self) -> None:
        """End all work."""
        super().end()
        self.growth.end()
        self.view.stop()
        self.viewer.layers.selection.events.changed.disconnect(self.check)

    def _run_shadow(self) -> None:
        """Pass the images on, and grow aggregates with the estimates."""
        if self.row.running:  # its images must stay where they are
            return
        try:
            model, images, folder = self._given()
            params, out = self.form.params(), self.name.path
        except UserError as error:
            self.row.message.warn(error)
            return
        self.row.start(lambda: write_task(shadow, (model, out), images, folder, params))

    def _given(self) -> tuple[str, list[tuple[str, Plane]], Path]:
        self._scratch = Scratch()
        return self.model.value(), self.images.planes(), self._scratch.path
