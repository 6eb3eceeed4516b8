"""The particles of a Labels layer: their table, which are counted, and which are selected."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from napari.layers import Image, Labels
from qtpy.QtCore import QObject, Signal

from particleforge.errors import UserError
from particleforge.measurement.particles import measure_particles, with_pixel_size
from particleforge.measurement.rules import Rules
from particleforge.micrograph import square_side_nm
from particleforge.widgets.background import Background
from particleforge.widgets.following import Following
from particleforge.widgets.layers import pixel_size_nm
from particleforge.widgets.qt import single_shot
from particleforge.widgets.show import features

REMEASURE_MS = 300
"""Edits in quick succession are measured together."""


class Particles(QObject):
    """Keeps table and selection of a Labels layer together.

    `changed` is emitted after edits, `selection_changed` after a selection; both give the object.
    `failed` gives the error if an edited layer cannot be measured; the table is the one before then.

    Parameters
    ----------
    layer
        The particles; painting, erasing and undo in it change them.
    table
        One row per particle, with its plane.
    rules
        Those it was made with.
    rows
        Rows of each plane that hold image, without a bar burnt in; None or empty: all.
    shapes
        Of the planes, which may differ; empty: all fill their plane of the layer.
    image
        The layer they were found in; `layer` follows its scale.
    """

    changed = Signal(object)
    selection_changed = Signal(object)
    failed = Signal(object)

    def __init__(
        self,
        layer: Labels,
        table: pd.DataFrame,
        rules: Rules = Rules(),
        rows: Sequence[tuple[int, int] | None] = (),
        shapes: Sequence[tuple[int, int]] = (),
        image: Image | None = None,
    ) -> None:
        super().__init__()
        self.layer, self.rules = layer, rules
        self._rows, self._shapes = rows, shapes
        self.selected = frozenset[int]()
        self.pixel_size_nm = _side_nm(layer)
        self._stale = not _measured_with(table, self.pixel_size_nm)  # the scale has changed since
        self.table = with_pixel_size(table, self.pixel_size_nm) if self._stale else table
        self._label = int(layer.selected_label)
        self._scores = dict(zip(table["label"], table["score"], strict=True)) if "score" in table else {}
        self._background = Background()
        self._background.done.connect(self._set_table)
        self._background.failed.connect(self.failed)
        self._timer = single_shot(self, REMEASURE_MS, self._check)
        self._paused = False
        self._watch()
        layer.events.selected_label.connect(self._picked)
        self._scale_events = (layer.events.scale, layer.events.units)
        for emitter in self._scale_events:
            emitter.connect(self._scaled)
        self._following = None if image is None else Following(image, layer)
        self._show()
        if self._stale:
            self._timer.start()

    @property
    def counted(self) -> pd.DataFrame:
        """Counted rows of the table: those to which the rules give a weight."""
        return self.table[self.table["weight"] > 0]

    def select(self, ids: Iterable[int]) -> None:
        """Select some particles."""
        chosen = frozenset(int(number) for number in ids)
        if chosen == self.selected:
            return
        self.selected = chosen
        if len(chosen) == 1:
            self._label = self.layer.selected_label = next(iter(chosen))
        self.selection_changed.emit(self)

    def remove(self, ids: Iterable[int]) -> None:
        """Remove particles from the layer, which can undo it."""
        where = np.nonzero(np.isin(np.asarray(self.layer.data), list(ids)))
        self.layer.data_setitem(where, 0)
        self.measure()

    def measure(self) -> None:
        """Measure the layer again, in a thread."""
        labels = self._seen = np.array(self.layer.data)
        self._stale = False
        size, name, rules = self.pixel_size_nm, self._name, self.rules
        planes = labels[None] if labels.ndim == 2 else labels
        shown = self._rows or [None] * len(planes)
        shapes = self._shapes or [plane.shape for plane in planes]

        def work(_: object) -> pd.DataFrame:
            tables = [
                measure_particles(
                    plane[:height, :width], image=name, pixel_size_nm=size, scores=self._scores, rules=rules, rows=rows
                ).assign(plane=number)
                for number, (plane, rows, (height, width)) in enumerate(zip(planes, shown, shapes, strict=True))
            ]
            table = pd.concat(tables, ignore_index=True)
            return table[["plane", *table.columns.drop("plane")]]

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
        self._stop_watching()
        self.layer.events.selected_label.disconnect(self._picked)
        for emitter in self._scale_events:
            emitter.disconnect(self._scaled)
        if self._following is not None:
            self._following.release()

    @property
    def _selectable(self) -> frozenset[int]:
        """Ids of the particles that stay selected after edits."""
        return frozenset(int(number) for number in self.counted["label"])

    def _watch(self) -> None:
        """Notice edits of the layer."""
        layer = self.layer
        self._seen = np.array(layer.data)
        # Undo emits `set_data` alone, which other colours and another plane do, too.
        self._events = (layer.events.paint, layer.events.labels_update, layer.events.data, layer.events.set_data)
        for emitter in self._events:
            emitter.connect(self._edited)

    def _stop_watching(self) -> None:
        for emitter in self._events:
            emitter.disconnect(self._edited)

    @property
    def _name(self) -> str:
        return str(self.table["image"].iloc[0]) if len(self.table) else str(self.layer.name)

    def _edited(self, event: object) -> None:
        if not self._paused:
            self._timer.start()

    def _scaled(self, event: object) -> None:
        """Follow the scale of the layer at once; soon after, measure what does not follow from sizes in pixels."""
        size = _side_nm(self.layer)
        if size != self.pixel_size_nm:
            self.pixel_size_nm = size
            self.table = with_pixel_size(self.table, size)
            self._show()
            self.changed.emit(self)
            self._stale = True
            self._edited(event)

    def _check(self) -> None:
        if self._stale or not np.array_equal(self._seen, self.layer.data):
            self.measure()

    def _picked(self, event: object) -> None:
        """Follow the label the user picks; napari also emits this when only the colours change."""
        was, self._label = self._label, int(self.layer.selected_label)
        number = self._label
        if number != was and number in set(self.counted["label"]):
            self.select({number})

    def _set_table(self, table: pd.DataFrame) -> None:
        if not _measured_with(table, self.pixel_size_nm):  # the scale has changed meanwhile
            self.measure()
            return
        old = self.table.set_index("label")
        unedited = table["label"].map(old["area_px2"]) == table["area_px2"]
        for name in old.columns.difference(table.columns):
            table[name] = table["label"].map(old[name]).where(unedited)
        self.table = table
        self.selected &= self._selectable
        self._show()
        self.changed.emit(self)

    def _show(self) -> None:
        """Give the layer features, row i for label i."""
        table = self.table.assign(counted=self.table.index.isin(self.counted.index))
        highest = int(np.max(self.layer.data, initial=0))
        dense = features(table.drop(columns=["image"]), highest)
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
