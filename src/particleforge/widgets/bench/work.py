"""The image that is worked on: its layers, its particles, and what is saved of them."""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from napari.layers import Image, Layer
from qtpy.QtCore import QObject, Signal

from particleforge.errors import UserError
from particleforge.measurement.rules import Rules
from particleforge.sample import Sample
from particleforge.store.particle_edits import Edited, save_edited
from particleforge.store.particle_files import ImageParticles, Origin, write_particles
from particleforge.store.project import PARTICLES
from particleforge.widgets.annotate.geometry import set_pixel_size
from particleforge.widgets.annotate.rescue import rescue
from particleforge.widgets.annotate.saver import Saver
from particleforge.widgets.bench.check.contours import Contours
from particleforge.widgets.bench.check.history import History, Marks
from particleforge.widgets.bench.check.kinds import contour_values, kinds
from particleforge.widgets.bench.check.picking import Picking
from particleforge.widgets.bench.check.teaching import still_needed
from particleforge.widgets.bench.check.watched import Watched
from particleforge.widgets.bench.colours import State
from particleforge.widgets.bench.loaded import Loaded
from particleforge.widgets.bench.measured import Measured
from particleforge.widgets.bench.work_layers import WorkLayers
from particleforge.widgets.following import Following
from particleforge.widgets.layers import pixel_size_nm
from particleforge.widgets.overlays import camera
from particleforge.widgets.unexpected import as_user_error

if TYPE_CHECKING:
    from napari import Viewer


class Work(QObject):
    """Shows an image of a project with its particles, and saves every change of them.

    `changed` is emitted after a change of the particles, of what is sure or of the scale, and again when they have been
    measured; `selection_changed` after a selection; `saved` when a change is on disk, `failed` with the error if it
    cannot be saved or measured. `teach` is called in a thread with what was saved; `needed` states what is still needed
    to teach a detector.

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
    spare
        Layers that the work before has left: napari takes a fifth of a second to remove each, so they are used again.
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
        spare: Sequence[Layer] = (),
    ) -> None:
        super().__init__()
        self.viewer, self.folder, self.loaded = viewer, folder, loaded
        self.micrograph, self.name = loaded.micrograph, loaded.micrograph.name
        self.searched, self.doubtful = loaded.searched, frozenset[int]()
        self.layers = WorkLayers(viewer, folder, loaded, path, image, spare)
        self.image, self.labels, self.strokes = self.layers.image, self.layers.labels, self.layers.strokes
        origin, strokes = loaded.particles.origin, loaded.background.astype(np.uint8)
        marks = Marks(origin.sure, complete=origin.complete)
        self.history = History(Watched(self.labels, loaded.seen), Watched(self.strokes, strokes), loaded.places, marks)
        self.contours = Contours(self.history, self.layers.contours, loaded.values)
        self.particles = Measured(self.history, loaded, rules, self.image)
        self.picking = Picking(viewer, self)
        self._following = Following(self.image, self.strokes, self.layers.contours)
        self.saver = Saver(self._take)
        self._on_disk, self._replace, self.needed = loaded.on_disk, False, loaded.needed
        self.teach: Callable[[Edited], None] | None = None
        self._written = self._now
        self._connect()
        self._omitted = self._not_counted()
        self._show_states()
        viewer.layers.selection.active = self.image

    def _connect(self) -> None:
        self.history.particles.touched.connect(self.contours.draw)
        self.history.changed.connect(self._edited)
        self.particles.changed.connect(self._measured)
        self.particles.selection_changed.connect(self._select)
        self.particles.failed.connect(self.failed)
        self.saver.saved.connect(self.saved)
        self.saver.failed.connect(self.failed)

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
        return self.history.marks.sure & self.history.places.ids

    @property
    def origin_now(self) -> Origin:
        """Return where the particles that are there now are from."""
        return replace(
            self.loaded.particles.origin,
            scores=self.particles.scores,
            sure=self.sure,
            count=len(self.history.places),
            complete=self.history.marks.complete,
        )

    @property
    def sample(self) -> Sample:
        """The image with its particles and known background."""
        labels = self.history.particles.snapshot()
        known = None if self.history.marks.complete else (labels > 0) | (self.history.strokes.snapshot() > 0)
        return Sample(replace(self.micrograph, pixel_size_nm=pixel_size_nm(self.image)), labels, known)

    @property
    def selected(self) -> frozenset[int]:
        """Ids of the selected particles."""
        return self.particles.selected

    @property
    def counts(self) -> Mapping[State, int]:
        """Number of particles of each kind; sure ones may not be counted, too."""
        counted = Counter(self._kinds.values())
        counted[State.NOT_COUNTED] = len(self._omitted & self.history.places.ids)
        return counted

    def select(self, ids: Iterable[int], move: bool = False) -> None:
        """Highlight particles; with `move` the view goes to them if they are not in it."""
        chosen = frozenset(int(number) for number in ids)
        self.particles.select(chosen)
        if move:
            self.reveal(chosen)

    def reveal(self, ids: Iterable[int], side_px: float | None = None) -> None:
        """Move the view to particles; if a size on the screen is given, zoom so that they have it."""
        there = [number for number in ids if number in self.history.places]
        if not there:
            return
        rows, columns = self.history.places.window(there)
        ends = np.array([[rows.start, columns.start], [rows.stop - 1, columns.stop - 1]], float)
        world = np.array([self.labels.data_to_world(end)[-2:] for end in ends])
        view = camera(self.viewer)
        view.center = tuple(world.mean(0))
        if side_px is not None:
            least = float(np.abs(self.labels.scale[-2:]).max())
            view.zoom = side_px / max(float(np.abs(world[1] - world[0]).max()), least)

    def confirm(self, ids: Iterable[int], sure: bool = True) -> None:
        """Mark particles as sure, or as not sure; detectors learn from sure ones."""
        self.history.confirm(ids, sure)

    def set_complete(self, complete: bool) -> None:
        """State whether every particle of the image is there, as a step; then all of them are sure."""
        marks = self.history.marks
        sure = self.history.places.ids if complete else marks.sure
        self.history.mark(replace(marks, complete=complete, sure=frozenset(sure)))

    def rescue(self) -> Path:
        """Save the particles where they do not belong, as they cannot be saved where they do; return the folder.

        Raises
        ------
        UserError
            If that fails, too.
        """
        place = rescue(self.sample)
        particles = ImageParticles(self.history.particles.snapshot(), self.origin_now)
        write_particles(place / PARTICLES, self.name, particles, pixel_size_nm(self.image))
        return place

    def doubt(self, ids: Iterable[int]) -> None:
        """Show which particles are doubtful."""
        chosen = frozenset(ids)
        if chosen != self.doubtful:
            self.doubtful = chosen
            self._show_states()

    def set_rules(self, rules: Rules) -> None:
        """Measure with other rules."""
        self.particles.rules = rules
        self.particles.measure()

    def set_pixel_size(self, size_nm: tuple[float, float] | None) -> None:
        """Give the image and what lies on it another pixel size along (Y, X); None: it is not known."""
        self.micrograph = self.micrograph.with_pixel_size(size_nm)
        if pixel_size_nm(self.image) != size_nm:
            set_pixel_size(self.image, size_nm)

    def keep_mine(self) -> None:
        """Replace what another window or program has saved; it is kept in ``originals/``."""
        self._replace = True
        self.saver.schedule()

    def pause(self, paused: bool) -> None:
        """Save, and take no notice of edits until the pause is over."""
        self.picking.paused = paused
        self.particles.pause(paused)
        if paused:
            self.saver.flush()
        else:
            self.saver.schedule()

    def close(self, save: bool = True) -> None:
        """Save what has changed unless it is to be lost, and let the layers go; they stay in the viewer.

        What cannot be saved where it belongs is saved elsewhere, and `failed` states where.
        """
        self.history.release()
        self.contours.release()
        self.picking.release()
        try:
            self.saver.close(save)
        except Exception as error:  # noqa: BLE001 - whatever prevents saving, the work must be kept
            self._save_elsewhere(as_user_error(error))
        self.particles.release()
        self._following.release()

    def _save_elsewhere(self, error: UserError) -> None:
        try:
            news = UserError(f"{error.message} The particles of {self.name} were saved in {self.rescue()} instead.")
        except Exception as other:  # noqa: BLE001 - it is shown
            news = UserError(f"{error} {as_user_error(other)}")
        self.failed.emit(news)
        logging.getLogger(__name__).error("%s", news)

    def _edited(self, ids: frozenset[int]) -> None:
        self.particles.selected &= self.history.places.ids
        self._changed()

    def _measured(self, _: object) -> None:
        self._omitted = self._not_counted()
        self._changed()

    def _changed(self) -> None:
        self._show_states()
        if not self.picking.paused:
            self.saver.schedule()
        self.changed.emit()

    def _select(self, _: object) -> None:
        self._show_states()
        self.selection_changed.emit()

    @property
    def _kinds(self) -> dict[int, State]:
        return kinds(self.history.places.ids, self.history.marks.sure, self._omitted, self.doubtful)

    def _not_counted(self) -> frozenset[int]:
        """Return the ids of the particles that are not counted."""
        return frozenset(map(int, self.table["label"])) - frozenset(map(int, self.particles.counted["label"]))

    def _show_states(self) -> None:
        """Colour each particle by what is known of it."""
        self.contours.show(contour_values(self._kinds, self._omitted, self.selected))

    @property
    def _now(self) -> tuple[object, ...]:
        """What a save is needed for if it is another one."""
        history = self.history
        return history.particles.version, history.strokes.version, history.marks, pixel_size_nm(self.labels)

    def _take(self) -> Callable[[], None] | None:
        """Return a function that saves the particles; None if nothing changed."""
        before, now, searched = self._written, self._now, self.searched
        history, origin = self.history, self.origin_now
        empty = not len(history.places) and not history.marks.complete and now[1] == 0
        if (now == before and not self._replace) or (empty and not searched):
            return None
        self._written, self.searched = now, True
        size = pixel_size_nm(self.labels)

        def write() -> None:
            try:
                background = history.strokes.snapshot() > 0
                edited = Edited(ImageParticles(history.particles.snapshot(), origin), background, size)
                self._on_disk = save_edited(self.folder, self.name, edited, self._on_disk, self._replace)
                self._replace = False
                if self.teach is not None:
                    self.teach(edited)
                self.needed = still_needed(edited)
            except BaseException:
                self._written = before
                raise

        return write
