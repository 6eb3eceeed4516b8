"""One image being annotated: its layers, and what is saved of it."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from napari import Viewer
from napari.layers import Image, Labels
from napari.utils.colormaps import CyclicLabelColormap
from qtpy.QtCore import QObject, Signal

from particleforge.annotate.progress import Annotated, annotated
from particleforge.sample import Sample
from particleforge.store.annotated import save_annotation
from particleforge.store.annotation_state import state_of, unchanged
from particleforge.store.originals import keeping_originals
from particleforge.store.pixel_sizes import save_pixel_size_nm
from particleforge.widgets.active import KEY, mark_of
from particleforge.widgets.annotate.geometry import geometry_of, set_pixel_size
from particleforge.widgets.annotate.saved import Saved, read_saved
from particleforge.widgets.annotate.saver import Saver
from particleforge.widgets.annotate.source import Source
from particleforge.widgets.following import PLACED, Following
from particleforge.widgets.layers import pixel_size_nm
from particleforge.widgets.qt import single_shot

if TYPE_CHECKING:
    from napari.utils.events import Event, EventEmitter

STROKE_COLOUR = "#3d8bff"
CHECK_MS = 150
"""Particles are counted this long after the last change."""


class Session(QObject):
    """Annotates one image.

    `changed` is emitted after a change of particles, strokes or scale, `lost` after one of the layers was removed.

    Parameters
    ----------
    viewer
        Gets a layer of particles and one of background strokes, unless it has them from an earlier session.
    image
        The layer to annotate.
    source
        What it shows.
    folder
        Where annotations are saved, and read from if this image has any.
    start
        What to start with if the folder has nothing of this image.
    keep_originals
        Whether the folder holds labels that somebody else made, which are kept before they are replaced.

    Raises
    ------
    UserError
        If what is saved under the name of the image belongs to another one, or cannot be read.
    """

    changed = Signal()
    lost = Signal()

    def __init__(
        self,
        viewer: Viewer,
        image: Image,
        source: Source,
        folder: Path,
        start: Saved | None = None,
        keep_originals: bool = False,
    ) -> None:
        super().__init__()
        self.viewer, self.image, self.source, self.folder = viewer, image, source, folder
        self.keep_originals = keep_originals
        self.paused = self._keep_theirs = False
        self._on_disk = state_of(folder, source.micrograph.name)
        found = read_saved(folder, source)
        fresh, found = found is None and start is not None, found or start
        if found and found.pixel_size_nm and pixel_size_nm(image) is None:
            set_pixel_size(image, found.pixel_size_nm)
        self.continued = found is not None
        start = found or Saved.empty(source.micrograph.shape, pixel_size_nm(image))
        self.particles = self._layer("particles", start.labels.copy(), opacity=0.5)
        self.strokes = self._layer("background", start.strokes.astype(np.uint8), opacity=0.4)
        self.strokes.colormap = CyclicLabelColormap(colors=["transparent", STROKE_COLOUR])
        self.particles.brush_size, self.strokes.brush_size = 10, 20
        self._complete = start.complete
        self._saved = Saved.empty(source.micrograph.shape) if fresh else start
        self.proposals: Labels | None = None
        self._check = single_shot(self, CHECK_MS, self._changed)
        self.saver = Saver(self._take)
        for layer in (self.particles, self.strokes):
            for event in self._events(layer):
                event.connect(self._touched)
        viewer.layers.events.removed.connect(self._removed)
        self._following = Following(image, self.particles, self.strokes)
        for name in PLACED:
            image.events.emitters[name].connect(self._touched)
        self.open = True
        if fresh:
            self.touch()

    @property
    def complete(self) -> bool:
        """Whether every particle in the image is annotated."""
        return self._complete

    @complete.setter
    def complete(self, complete: bool) -> None:
        self._complete = complete
        self._changed()

    @property
    def sample(self) -> Sample:
        """What is annotated now, as a copy."""
        labels = np.array(self.particles.data, np.uint32)
        known = None if self._complete else (labels > 0) | (np.asarray(self.strokes.data) > 0)
        return Sample(replace(self.source.micrograph, pixel_size_nm=pixel_size_nm(self.image)), labels, known)

    @property
    def progress(self) -> Annotated:
        """Progress of the annotation."""
        strokes = None if self._complete else np.asarray(self.strokes.data) > 0
        return annotated(np.asarray(self.particles.data), strokes)

    def propose(self, labels: npt.NDArray[np.uint32]) -> Labels:
        """Show proposals as a layer, replacing earlier ones."""
        self.withdraw()
        layer = self._layer("suggestions", labels, opacity=0.8)
        layer.contour = 2
        self.proposals = layer
        self.viewer.layers.selection.active = self.particles
        return layer

    def withdraw(self) -> None:
        """Remove the layer of proposals."""
        layer, self.proposals = self.proposals, None
        if layer is not None and layer in self.viewer.layers:
            self.viewer.layers.remove(layer)

    def touch(self) -> None:
        """Check shortly what changed."""
        self._check.start()

    def pause(self) -> None:
        """Save what has changed, and save nothing more until `resume`.

        Raises
        ------
        UserError
            If it cannot be saved.
        """
        self.paused = True
        self._check.stop()
        self.saver.flush()

    def resume(self) -> None:
        """Save changes again, those made meanwhile included."""
        self.paused = False
        self.touch()

    def keep_mine(self) -> None:
        """Replace what another window or program has saved; it goes to ``originals/``."""
        self._on_disk = state_of(self.folder, self.source.micrograph.name)
        self._keep_theirs = True
        self.saver.schedule()

    def close(self, remove: bool = False, save: bool = True) -> None:
        """Save and release the layers; with `remove` they are removed from the viewer.

        Raises
        ------
        UserError
            If it cannot be saved; the layers stay.
        """
        if not self.open:
            return
        self.open = False
        self._check.stop()
        self.viewer.layers.events.removed.disconnect(self._removed)
        for layer in (self.particles, self.strokes):
            for event in self._events(layer):
                event.disconnect(self._touched)
        self._following.release()
        for name in PLACED:
            self.image.events.emitters[name].disconnect(self._touched)
        self.saver.close(save)
        if remove:
            self.withdraw()
            for layer in (self.particles, self.strokes):
                if layer in self.viewer.layers:
                    self.viewer.layers.remove(layer)

    def _layer(self, role: str, data: npt.NDArray[Any], opacity: float) -> Labels:
        """Add a layer, or reuse the one an earlier session left."""
        mark = mark_of(role, self.source.micrograph.name, self.folder)
        for there in self.viewer.layers:
            if isinstance(there, Labels) and there.metadata.get(KEY) == mark and there.data.shape == data.shape:
                return there
        name = f"{self.source.micrograph.name} {role}"
        layer = Labels(data, name=name, opacity=opacity, metadata={KEY: mark}, **geometry_of(self.image))
        self.viewer.add_layer(layer)
        return layer

    @staticmethod
    def _events(layer: Labels) -> "list[EventEmitter]":
        """Events of which at least one follows every change; undo emits `set_data` alone."""
        return [layer.events.paint, layer.events.labels_update, layer.events.set_data, layer.events.data]

    def _touched(self, event: object) -> None:
        if not self.paused:
            self._check.start()

    def _changed(self) -> None:
        self.saver.schedule()
        self.changed.emit()

    def _removed(self, event: "Event") -> None:
        if event.value is self.proposals:
            self.proposals = None
        elif event.value in (self.particles, self.strokes, self.image):
            self.lost.emit()

    def _take(self) -> Callable[[], None] | None:
        """Return a function that saves the annotation; None if nothing changed."""
        now = Saved(
            np.array(self.particles.data, np.uint32),
            np.asarray(self.strokes.data) > 0,
            self._complete,
            pixel_size_nm(self.image),
        )
        if now.same(self._saved) or not (self.continued or now.anything):
            return None
        sample, before = self.sample, self._saved
        self._saved, self.continued = now, True

        def write() -> None:
            try:
                self._write(sample, now.pixel_size_nm)
            except BaseException:
                self._saved = before
                raise

        return write

    def _write(self, sample: Sample, size_nm: tuple[float, float] | None) -> None:
        """Save, unless somebody else has done so meanwhile."""
        folder, name = self.folder, sample.name
        with unchanged(folder, name, self._on_disk), self._keeping(name):
            save_annotation(folder, sample, self.source.file)
            save_pixel_size_nm(folder, name, size_nm)
            self._on_disk = state_of(folder, name)
            self.keep_originals = self._keep_theirs = False

    def _keeping(self, name: str) -> AbstractContextManager[None]:
        if self._keep_theirs or self.keep_originals:
            return keeping_originals(self.folder, name, again=self._keep_theirs)
        return nullcontext()
