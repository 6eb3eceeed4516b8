"""The measure panel."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from napari.layers import Image

from particleforge.jobs.messages import Plain, Task
from particleforge.widgets.background import Background
from particleforge.widgets.folded_form import FoldedForm
from particleforge.widgets.layers import Plane, geometry, pixel_size_nm, planes, stack
from particleforge.widgets.measure.found import Found, read_found, task
from particleforge.widgets.measure.particles import Particles
from particleforge.widgets.measure.view import ResultsView
from particleforge.widgets.model_chooser import ModelChooser
from particleforge.widgets.panel import Panel
from particleforge.widgets.scratch import Scratch
from particleforge.widgets.workspace import preference
from particleforge.workflows.measure import MeasureParams

if TYPE_CHECKING:
    from napari import Viewer


class MeasurePanel(Panel):
    """Finds the particles of an image with a trained detector and shows how large they are."""

    def __init__(self, napari_viewer: "Viewer") -> None:
        super().__init__(napari_viewer, "Measure")
        self.image = self.add_layer_chooser("Image", Image, "The image, or the stack of images, to measure.")
        self.model = ModelChooser()
        self.add_line("Detector", self.model, "What finds the particles.")
        self.form = FoldedForm(MeasureParams, (), left_out=("pixel_size", "reports", "options"))
        self.view = ResultsView(napari_viewer)
        self.body.addWidget(self.form)
        self.body.addWidget(self.row)
        self.body.addWidget(self.view, 1)
        self.body.addStretch(0)
        self.form.changed.connect(self.check)
        self._scratch: Scratch | None = None
        self._source: Image | None = None
        self._planes: list[Plane] = []
        self._params = MeasureParams()
        self._background = Background()
        self._background.done.connect(self._show)
        self._background.failed.connect(self.row.message.warn)
        self.check()

    def problem(self) -> str | None:
        """Say what is missing."""
        return "Open an image first." if self.image.value is None else self.form.problem

    def prepare(self) -> Callable[[], Task]:
        """Hand the image over as files."""
        self._source, self._scratch = self.image.value, Scratch()
        found = self._planes = planes(self._source)
        model, folder = self.model.value(), self._scratch.path
        options = {"tile_px": preference("computing", "tile_px", None)}
        params = self._params = self.form.params().replace(
            options={name: value for name, value in options.items() if value is not None}
        )
        return lambda: task(found, model, params, folder)

    def finish(self, value: Plain) -> None:
        """Read what was written."""
        results, name = Path(str(value["results"])), self._source.name
        self._background.run(lambda _: read_found(results, name))

    def _show(self, found: Found) -> None:
        source = self._source
        layer = self.viewer.add_labels(
            stack(found.labels, source),
            name=f"{source.name} particles",
            metadata={"particleforge": found.provenance},
            opacity=0.6,
            **geometry(source),
        )
        self.view.set_particles(Particles(layer, found.table, self._params, found.rows), self._planes)
        self.row.message.say(found.remarks(source.name, pixel_size_nm(source) is None))
        self._scratch.remove()

    def reset_choices(self, event: object = None) -> None:
        """Offer the layers and models there are now."""
        super().reset_choices(event)
        self.model.refresh()

    def shut(self) -> None:
        """Cancel the job and let go of the layers."""
        super().shut()
        self._background.drop()
        self.view.release()
