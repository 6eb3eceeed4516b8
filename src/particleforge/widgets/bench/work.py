"""The image that is worked on: its layers, its particles, and what is saved of them."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from napari.layers import Image, Labels
from qtpy.QtCore import QObject, Signal

from particleforge.measurement.rules import Rules
from particleforge.store.particle_files import ImageParticles, Origin, write_particles
from particleforge.widgets.active import FILE, KEY, mark_of
from particleforge.widgets.annotate.geometry import geometry_of, set_pixel_size
from particleforge.widgets.annotate.saver import Saver
from particleforge.widgets.bench.colours import CONTOUR_PX, by_label
from particleforge.widgets.bench.loaded import Loaded
from particleforge.widgets.files import geometry
from particleforge.widgets.layers import pixel_size_nm
from particleforge.widgets.measure.particles import Particles
from particleforge.widgets.overlays import camera

if TYPE_CHECKING:
    from napari import Viewer


class Work(QObject):
    """Shows an image of a project with its particles, and saves every change of them.

    `changed` is emitted after a change of the particles, of what is sure or of the scale; `selection_changed` after a
    selection; `saved` when a change is on disk, `failed` with the error if it cannot be saved or measured.

    Parameters
    ----------
    viewer
        Gets the layers.
    folder
        Where particles are saved.
    loaded
        What is shown.
    rules
        With which its particles are measured.
    path
        File of the image.
    image
        The layer that shows the image already, if there is one; it stays when the work is closed.
    """

    changed = Signal()
    selection_changed = Signal()
    saved = Signal()
    failed = Signal(object)

    def __init__(
        self,
        viewer: "Viewer",
        folder: Path,
        loaded: Loaded,
        rules: Rules,
        path: Path | None = None,
        image: Image | None = None,
    ) -> None:
        super().__init__()
        self.viewer, self.folder, self.loaded = viewer, folder, loaded
        self.micrograph, self.name = loaded.micrograph, loaded.micrograph.name
        self.origin, self.searched = loaded.particles.origin, loaded.searched
        self._own_image = image is None
        self.image = self._add_image(path) if image is None else image
        mark = {KEY: mark_of("particles", self.name, folder)}
        self.labels = Labels(
            loaded.particles.labels, name=f"{self.name} particles", metadata=mark, **geometry_of(self.image)
        )
        self.labels.contour, self.labels.colormap = CONTOUR_PX, by_label()
        for left in [layer for layer in viewer.layers if layer.metadata.get(KEY) == mark[KEY]]:
            viewer.layers.remove(left)  # a bench that was closed has left it
        viewer.add_layer(self.labels)
        self.particles = Particles(self.labels, loaded.table, rules, [loaded.rows], (), (), self.image)
        self.saver = Saver(self._take)
        self._written = (loaded.particles.labels.copy(), self.origin, pixel_size_nm(self.labels))
        self.particles.changed.connect(self._changed)
        self.particles.selection_changed.connect(self._select)
        self.particles.failed.connect(self.failed)
        self.saver.saved.connect(self.saved)
        self.saver.failed.connect(self.failed)
        viewer.layers.selection.active = self.image

    @property
    def table(self) -> pd.DataFrame:
        """All its particles, counted or not."""
        return self.particles.table

    @property
    def pixel_size_nm(self) -> float | None:
        """Side of a pixel, if known."""
        return self.particles.pixel_size_nm

    @property
    def sure(self) -> frozenset[int]:
        """Ids of the particles that a person has confirmed, drawn or corrected."""
        return self.origin.sure & frozenset(int(number) for number in self.table["label"])

    @property
    def origin_now(self) -> Origin:
        """Return where the particles that are there now are from."""
        there = set(np.unique(np.asarray(self.labels.data)).tolist()) - {0}
        scores = {number: score for number, score in self.origin.scores.items() if number in there}
        return replace(self.origin, scores=scores, sure=self.origin.sure & frozenset(there), count=len(there))

    @property
    def selected(self) -> frozenset[int]:
        """Ids of the selected particles."""
        return self.particles.selected

    def select(self, ids: Iterable[int], move: bool = False) -> None:
        """Highlight particles; with `move` the view goes to them if they are not in it."""
        self.particles.select(ids)
        if move:
            self.reveal(ids)

    def reveal(self, ids: Iterable[int]) -> None:
        """Move the view to particles."""
        chosen = self.table[self.table["label"].isin(list(ids))]
        if not len(chosen):
            return
        middle = chosen[["y_px", "x_px"]].to_numpy(float).mean(0)
        camera(self.viewer).center = tuple(self.labels.data_to_world(middle)[-2:])

    def confirm(self, ids: Iterable[int], sure: bool = True) -> None:
        """Mark particles as sure, or as not sure; detectors learn from sure ones."""
        chosen = frozenset(int(number) for number in ids)
        self.origin = replace(self.origin, sure=self.origin.sure | chosen if sure else self.origin.sure - chosen)
        self._changed()

    def set_rules(self, rules: Rules) -> None:
        """Measure with other rules."""
        self.particles.rules = rules
        self.particles.measure()

    def set_pixel_size(self, size_nm: tuple[float, float] | None) -> None:
        """Give the image and what lies on it another pixel size along (Y, X); None: it is not known."""
        self.micrograph = self.micrograph.with_pixel_size(size_nm)
        if pixel_size_nm(self.image) != size_nm:
            set_pixel_size(self.image, size_nm)

    def pause(self, paused: bool) -> None:
        """Save, and take no notice of edits until the pause is over."""
        if paused:
            self.saver.flush()
        self.particles.pause(paused)

    def close(self, save: bool = True, remove: bool = True) -> None:
        """Save what has changed unless it is to be lost, and remove the layers that were added unless they are to stay.

        Raises
        ------
        UserError
            If it cannot be saved; the layers stay.
        """
        self.saver.close(save)
        self.particles.release()
        if not remove:
            return
        for layer in (self.labels, self.image) if self._own_image else (self.labels,):
            if layer in self.viewer.layers:
                self.viewer.layers.remove(layer)

    def _add_image(self, path: Path | None) -> Image:
        grey = self.micrograph
        rgb = grey.axes == "YXC" and grey.pixels.shape[-1] in (3, 4)
        about: dict[str, Any] = {"metadata": {KEY: {FILE: str(path)}}} if path else {}
        pixels = grey.pixels if rgb or grey.axes == "YX" else grey.grey
        image = Image(pixels, name=self.name, rgb=rgb, **about, **geometry(grey.pixel_size_nm))
        self.viewer.add_layer(image)
        return image

    def _changed(self, _: object = None) -> None:
        self.saver.schedule()
        self.changed.emit()

    def _select(self, _: object) -> None:
        self.selection_changed.emit()

    def _take(self) -> Callable[[], None] | None:
        """Return a function that saves the particles; None if nothing changed."""
        labels, origin, size = np.array(self.labels.data, np.uint32), self.origin_now, pixel_size_nm(self.labels)
        if (not self.searched and not labels.any()) or (
            (origin, size) == self._written[1:] and np.array_equal(labels, self._written[0])
        ):
            return None
        before, self._written, self.searched = self._written, (labels, origin, size), True

        def write() -> None:
            try:
                write_particles(self.folder, self.name, ImageParticles(labels, origin), size)
            except BaseException:
                self._written = before
                raise

        return write
