"""The table of the particles that are worked on, measured again after edits."""

import time
from collections.abc import Iterable

import pandas as pd
from napari.layers import Image

from particleforge.measurement.particles import measure_particles
from particleforge.measurement.rules import Rules
from particleforge.widgets.bench.check.history import History
from particleforge.widgets.bench.loaded import Loaded
from particleforge.widgets.measure.particles import REMEASURE_MS, Particles


class Measured(Particles):
    """Table and selection; the contours show what is selected, and the history what is edited.

    Parameters
    ----------
    history
        Makes all edits.
    loaded
        The image and its table.
    rules
        Those the table was made with.
    image
        The layer of the image.
    """

    def __init__(self, history: History, loaded: Loaded, rules: Rules, image: Image) -> None:
        self._history, self._loaded = history, loaded
        self._measured = history.particles.version
        super().__init__(history.particles.layer, loaded.table, rules, [loaded.rows], (), image)

    @property
    def scores(self) -> dict[int, float]:
        """Scores of the particles that are as the detector has found them."""
        there, drawn = self._history.places, self._history.marks.drawn
        found = self._loaded.particles.origin.scores.items()
        return {number: score for number, score in found if number in there and number not in drawn}

    def remove(self, ids: Iterable[int]) -> None:
        """Remove particles, which can be undone."""
        self._history.erase(ids)

    def measure(self) -> None:
        """Measure the particles again, in a thread."""
        self._stale, self._measured = False, self._history.particles.version
        size, rules, loaded, scores = self.pixel_size_nm, self.rules, self._loaded, self.scores
        snapshot = self._history.particles.snapshot

        def work(_: object) -> tuple[pd.DataFrame, float]:
            begun = time.monotonic()
            table = measure_particles(
                snapshot(),
                image=loaded.micrograph.name,
                pixel_size_nm=size,
                intensity=loaded.micrograph.grey,
                scores=scores,
                rules=rules,
                rows=loaded.rows,
            )
            table.insert(0, "plane", 0)
            return table, time.monotonic() - begun

        self._background.run(work)

    @property
    def _selectable(self) -> frozenset[int]:
        return self._history.places.ids

    def _watch(self) -> None:
        self._history.changed.connect(self._note)

    def _stop_watching(self) -> None:
        self._history.changed.disconnect(self._note)

    def _note(self, ids: frozenset[int]) -> None:
        if self._history.particles.version != self._measured:
            self._edited(None)

    def _check(self) -> None:
        if self._stale or self._history.particles.version != self._measured:
            self.measure()

    def _set_table(self, found: tuple[pd.DataFrame, float]) -> None:  # type: ignore[override]  # what `measure` gives
        table, took_s = found
        self._timer.setInterval(max(REMEASURE_MS, int(1000 * took_s)))
        super()._set_table(table)
