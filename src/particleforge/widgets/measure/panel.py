"""The measure panel."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from napari.layers import Image, Labels

from particleforge.jobs.messages import Plain, Task
from particleforge.measurement.outputs import Outputs
from particleforge.store.selection import Selection
from particleforge.store.source import Plane
from particleforge.widgets.active import bring_to_front
from particleforge.widgets.background import Background
from particleforge.widgets.folded_form import FoldedForm
from particleforge.widgets.layers import geometry, planes, stack
from particleforge.widgets.measure.found import Found, left_out_of, read_found, task
from particleforge.widgets.measure.options import DetectorOptions
from particleforge.widgets.measure.particles import Particles
from particleforge.widgets.measure.view import ResultsView
from particleforge.widgets.model_chooser import ModelChooser
from particleforge.widgets.panel import Panel
from particleforge.widgets.scratch import Scratch
from particleforge.workflows.measure import MeasureParams

if TYPE_CHECKING:
    from napari import Viewer


@dataclass(frozen=True, eq=False)
class Measuring:
    """A measurement in progress.

    Parameters
    ----------
    source
        The layer that is measured.
    planes
        Its images.
    params
        How they are measured.
    scratch
        Where the job reads and writes.
    """

    source: Image
    planes: Sequence[Plane]
    params: MeasureParams
    scratch: Scratch


@dataclass(frozen=True, eq=False)
class Remarks:
    """What is reported of a measured layer.

    Parameters
    ----------
    name
        Name of the layer.
    found
        Its particles.
    in_pixels
        Whether their sizes are in pixels.
    """

    name: str
    found: Found
    in_pixels: bool

    @property
    def text(self) -> str:
        """The sentences."""
        return self.found.remarks(self.name, self.in_pixels)


class MeasurePanel(Panel):
    """Finds the particles of an image with a trained detector and shows their sizes."""

    def __init__(self, napari_viewer: "Viewer") -> None:
        super().__init__(napari_viewer, "Measure")
        self.image = self.add_image_chooser("The image, or the stack of images, to measure.")
        self.model = ModelChooser()
        self.add_line("Detector", self.model, "Model that finds the particles.")
        left_out = ("pixel_size", "options", *Outputs.model_fields, *Selection.model_fields)
        self.form = FoldedForm(MeasureParams, (), left_out=left_out)
        self.options = DetectorOptions()
        self.view = ResultsView(self.viewer)
        self.body.addWidget(self.form)
        self.body.addWidget(self.options)
        self.body.addWidget(self.row)
        self.body.addWidget(self.view, 1)
        self.body.addStretch(0)
        for changed in (self.form.changed, self.options.changed):
            changed.connect(self.check)
        self.model.changed.connect(self._show_options)
        self._running: Measuring | None = None
        self._remarks: Remarks | None = None
        self._background = Background()
        self._background.done.connect(self._show)
        self._background.failed.connect(self.row.message.warn)
        self._show_options()
        self.check()

    def _show_options(self) -> None:
        self.options.show_model(self.model.value())

    def problem(self) -> str | None:
        """Return what is missing; None if nothing is."""
        return "Open an image first." if self.image.value is None else self.form.problem or self.options.problem

    def prepare(self) -> Callable[[], Task]:
        """Pass the image on as its file, or as new files."""
        source: Image = self.image.value
        bring_to_front(self.viewer.layers, source)
        params = self.form.params().replace(options=self.options.values())
        running = self._running = Measuring(source, planes(source), params, Scratch())
        model = self.model.value()
        return lambda: task(source, model, params, running.scratch.path)

    def finish(self, value: Plain) -> None:
        """Read the results."""
        running, results = self._running, Path(str(value["results"]))
        if running is not None:
            self._background.run(lambda _: _read(running, results))

    def _show(self, measured: tuple[Measuring, Found, npt.NDArray[np.uint32]]) -> None:
        self.when_shown(lambda: self._add(*measured))

    def _add(self, running: Measuring, found: Found, labels: npt.NDArray[np.uint32]) -> None:
        """Add the particles to the viewer."""
        source = running.source
        layer = Labels(
            labels,
            name=f"{source.name} particles",
            metadata={"particleforge": found.provenance},
            opacity=0.6,
            **geometry(source),
        )
        self.viewer.add_layer(layer)
        particles = Particles(layer, found.table, running.params, found.rows, found.shapes, running.planes, source)
        particles.leave_out(found.not_pooled)
        self.view.set_particles(particles, found.uncertainty)
        self._remarks = Remarks(source.name, found, particles.pixel_size_nm is None)
        particles.changed.connect(self._remark)
        self.row.message.report(self._remarks.text)
        running.scratch.remove()

    def _remark(self, particles: Particles) -> None:
        """Correct what was reported of the unit, if the scale was set or removed later."""
        before, in_pixels = self._remarks, particles.pixel_size_nm is None
        if before is not None and before.in_pixels != in_pixels:
            now = self._remarks = replace(before, in_pixels=in_pixels)
            if self.row.message.text() == before.text:
                self.row.message.report(now.text)

    def reset_choices(self, event: object = None) -> None:
        """Update the layers and models offered."""
        super().reset_choices(event)
        self.model.refresh()

    def pause(self) -> None:
        """Leave the particles alone."""
        self.view.pause(True)

    def unpause(self) -> None:
        """Measure particles that were edited meanwhile."""
        self.view.pause(False)

    def end(self) -> None:
        """Cancel the job and release the layers."""
        super().end()
        self._background.drop()
        self.view.release()


def _read(running: Measuring, results: Path) -> tuple[Measuring, Found, npt.NDArray[np.uint32]]:
    """Read the results of a measurement, and put its labels together."""
    found = read_found(results, running.source.name)
    found = replace(found, notes=[*found.notes, *left_out_of(running.source)])
    return running, found, stack(found.labels, running.source)
