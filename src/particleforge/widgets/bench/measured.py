"""The table of the particles that are worked on, measured again after edits, and which of them are selected."""

import time
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pandas as pd
from napari.layers import Image, Labels
from qtpy.QtCore import QObject, Signal

from particleforge.errors import UserError
from particleforge.mask import WholeLabels
from particleforge.measurement.particles import with_pixel_size
from particleforge.measurement.rules import Rules
from particleforge.micrograph import square_side_nm
from particleforge.widgets.background import Background
from particleforge.widgets.bench.check.history import History
from particleforge.widgets.bench.loaded import Loaded, measured
from particleforge.widgets.following import Following
from particleforge.widgets.layers import pixel_size_nm
from particleforge.widgets.qt import single_shot
from particleforge.widgets.show import features

REMEASURE_MS = 300
"""Edits in quick succession are measured together."""


class Measured(QObject):
    """Keeps table and selection of the particles of a Labels layer.

    `changed` is emitted when the table has changed, `selection_changed` after a selection; both give the object.
    `failed` gives the error if the particles cannot be measured; the table is the one before then.

    Parameters
    ----------
    history
        Makes and notices all edits.
    loaded
        The image and its table.
    rules
        Those the table was made with.
    image
        The layer of the image; that of the particles follows its scale.
    """

    changed = Signal(object)
    selection_changed = Signal(object)
    failed = Signal(object)

    def __init__(self, history: History, loaded: Loaded, rules: Rules, image: Image) -> None:
        super().__init__()
        self._history, self._loaded, self.rules = history, loaded, rules
        self.layer, self.selected = history.particles.layer, frozenset[int]()
        self.pixel_size_nm = _side_nm(self.layer)
        self._stale = not _measured_with(loaded.table, self.pixel_size_nm)  # the scale has changed since
        self.table = with_pixel_size(loaded.table, self.pixel_size_nm) if self._stale else loaded.table
        self._version, self._label, self._paused = history.particles.version, int(self.layer.selected_label), False
        self._background = Background()
        self._background.done.connect(self._set_table)
        self._background.failed.connect(self.failed)
        self._timer = single_shot(self, REMEASURE_MS, self._check)
        history.changed.connect(self._edited)
        self.layer.events.selected_label.connect(self._picked)
        self._scale_events = (self.layer.events.scale, self.layer.events.units)
        for emitter in self._scale_events:
            emitter.connect(self._scaled)
        self._following = Following(image, self.layer)
        self._show()
        if self._stale:
            self._timer.start()

    @property
    def counted(self) -> pd.DataFrame:
        """Counted rows of the table: those to which the rules give a weight."""
        return self.table[self.table["weight"] > 0]

    @property
    def scores(self) -> dict[int, float]:
        """Scores of the particles that are as the detector has found them."""
        there, drawn = self._history.places, self._history.marks.drawn
        found = self._loaded.particles.origin.scores.items()
        return {number: score for number, score in found if number in there and number not in drawn}

    def select(self, ids: Iterable[int]) -> None:
        """Select some particles."""
        chosen = frozenset(int(number) for number in ids)
        if chosen == self.selected:
            return
        self.selected = chosen
        if len(chosen) == 1:
            self._label = self.layer.selected_label = next(iter(chosen))
        self.selection_changed.emit(self)

    def measure(self) -> None:
        """Measure the particles again, in a thread."""
        self._stale, self._version = False, self._history.particles.version
        size, rules, loaded = self.pixel_size_nm, self.rules, self._loaded
        origin = replace(loaded.particles.origin, scores=self.scores)
        snapshot = self._history.particles.snapshot

        def work(_: object) -> tuple[pd.DataFrame, float]:
            begun = time.monotonic()
            labels = snapshot()
            every = WholeLabels(labels, loaded.saved.of(labels))
            table = measured(every, loaded.micrograph, size, origin, rules, loaded.rows)
            return table, time.monotonic() - begun

        self._background.run(work)

    def pause(self, paused: bool) -> None:
        """Measure no edits while paused, but afterwards."""
        self._paused = paused
        if paused:
            self._timer.stop()
        else:
            self._check()

    def release(self) -> None:
        """Release the layer, which keeps what it shows."""
        self._timer.stop()
        self._background.drop()
        self._history.changed.disconnect(self._edited)
        self.layer.events.selected_label.disconnect(self._picked)
        for emitter in self._scale_events:
            emitter.disconnect(self._scaled)
        self._following.release()

    def _edited(self, _: object) -> None:
        if not self._paused and self._outdated:
            self._timer.start()

    @property
    def _outdated(self) -> bool:
        return self._stale or self._history.particles.version != self._version

    def _scaled(self, event: object) -> None:
        """Follow the scale of the layer at once; soon after, measure what does not follow from sizes in pixels."""
        size = _side_nm(self.layer)
        if size != self.pixel_size_nm:
            self.pixel_size_nm, self._stale = size, True
            self.table = with_pixel_size(self.table, size)
            self._show()
            self.changed.emit(self)
            self._edited(event)

    def _check(self) -> None:
        if self._outdated:
            self.measure()

    def _picked(self, event: object) -> None:
        """Follow the label the user picks; napari also emits this when only the colours change."""
        was, self._label = self._label, int(self.layer.selected_label)
        number = self._label
        if number != was and number in set(self.counted["label"]):
            self.select({number})

    def _set_table(self, found: tuple[pd.DataFrame, float]) -> None:
        table, took_s = found
        self._timer.setInterval(max(REMEASURE_MS, int(1000 * took_s)))
        if not _measured_with(table, self.pixel_size_nm):  # the scale has changed meanwhile
            self.measure()
            return
        self.table = table
        self.selected &= self._history.places.ids
        self._show()
        self.changed.emit(self)

    def _show(self) -> None:
        """Give the layer features, row i for label i."""
        table = self.table.assign(counted=self.table["weight"] > 0).drop(columns="image")
        dense = features(table, max(self._history.places.ids, default=0))
        self.layer.features = pd.DataFrame() if dense is None else dense


def _side_nm(layer: Labels) -> float | None:
    """Side of a pixel of a layer; that of a square of the same area if its sides differ a little, else None."""
    size = pixel_size_nm(layer)
    try:
        return None if size is None else square_side_nm(size, layer.name)
    except UserError:  # whoever gives layers a scale reports it
        return None


def _measured_with(table: pd.DataFrame, pixel_size_nm: float | None) -> bool:
    """Whether a particle table is that of a pixel size; one without particles fits any."""
    if pixel_size_nm is None or "area_nm2" not in table:
        return (pixel_size_nm is None) == ("area_nm2" not in table) or not len(table)
    return bool(np.allclose(table["area_nm2"], table["area_px2"] * pixel_size_nm**2, rtol=1e-3))
