"""The results: figures, distribution and table, linked to the particles in the image."""

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from qtpy.QtWidgets import QCheckBox, QLabel, QPushButton, QVBoxLayout, QWidget

from particleforge.measurement.distribution import headline_intervals, size_statistics
from particleforge.measurement.filter import Filter
from particleforge.measurement.statistics.bootstrap import Precision
from particleforge.measurement.statistics.describe import Estimate
from particleforge.measurement.uncertainty.factor import coverage_factor
from particleforge.measurement.uncertainty.stored import StoredUncertainty
from particleforge.widgets.folded_form import FoldedForm
from particleforge.widgets.measure.export import Exported
from particleforge.widgets.measure.export_row import ExportRow
from particleforge.widgets.measure.particles import Particles
from particleforge.widgets.measure.plot import SizesPlot, sizes_and_unit
from particleforge.widgets.measure.table import ParticleTable
from particleforge.widgets.message import Message
from particleforge.wording import joined, plural

if TYPE_CHECKING:
    from napari import Viewer
    from napari.utils.events import Event

CLICK_PX = 4
"""A movement beyond this is a drag."""
FACTOR = coverage_factor(Precision().confidence_percent)
"""Coverage factor of the intervals shown."""
TERMS = "GSD: geometric standard deviation. D50: median."


class ResultsView(QWidget):
    """Shows `Particles`; a click in the image, on a bar or on a row highlights the same particles everywhere."""

    def __init__(self, viewer: "Viewer") -> None:
        super().__init__()
        self._viewer = viewer
        self._particles: Particles | None = None
        self._paused = False
        self._size_nm: float | None = None
        self._uncertainty = StoredUncertainty()
        self.headline = QLabel(self)
        self.headline.setWordWrap(True)
        self.plot = SizesPlot(self)
        self.filter = FoldedForm(Filter, (), ("classes",), title="Filter particles")
        self.colour = QCheckBox("Colour aggregates", self)
        self.colour.setToolTip("One colour for the particles of an aggregate, grey for single particles.")
        self.table = ParticleTable(self)
        self.remove = QPushButton("Remove selected", self)
        self.remove.setToolTip(
            "Remove the selected particles; Ctrl+Z in the image restores them. "
            "To correct a particle, paint or erase in its Labels layer: all figures are updated."
        )
        self.exporting, self.message = ExportRow(self._given, self), Message(self)
        self.export = self.exporting.buttons
        self._lay_out()
        self.plot.picked.connect(self._select)
        self.table.picked.connect(self._select)
        self.filter.changed.connect(self._filter)
        self.colour.toggled.connect(self._colour)
        self.remove.clicked.connect(self._remove)
        self.exporting.reported.connect(self.message.report)
        self.exporting.failed.connect(self.message.warn)
        self.hide()

    def _lay_out(self) -> None:
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.headline)
        box.addWidget(self.plot)
        box.addWidget(self.filter)
        box.addWidget(self.colour)
        box.addWidget(self.table, 1)
        box.addWidget(self.remove)
        box.addWidget(self.exporting)
        box.addWidget(self.message)

    def set_particles(self, particles: Particles, uncertainty: StoredUncertainty = StoredUncertainty()) -> None:
        """Show other particles, and what is known of the uncertainty of their sizes apart from sampling."""
        self.release()
        self._particles, self._size_nm = particles, particles.pixel_size_nm
        self._uncertainty = uncertainty
        particles.changed.connect(self._update)
        particles.selection_changed.connect(self._highlight)
        particles.failed.connect(self.message.warn)
        self._viewer.mouse_drag_callbacks.append(self._click)
        self._viewer.layers.events.removed.connect(self._removed)
        if self.filter.problem is None:
            particles.set_filter(self.filter.params())
        particles.colour_aggregates(self.colour.isChecked())
        self._update(particles)
        self.show()

    def pause(self, paused: bool) -> None:
        """Take no notice of clicks and edits in the image while paused; edits are measured afterwards."""
        self._paused = paused
        if self._particles is not None:
            self._particles.pause(paused)

    def release(self) -> None:
        """Release the particles shown."""
        if self._particles is None:
            return
        self._particles.release()
        self._particles = None
        self._viewer.mouse_drag_callbacks.remove(self._click)
        self._viewer.layers.events.removed.disconnect(self._removed)
        self.hide()

    def _update(self, particles: Particles) -> None:
        before_nm, self._size_nm = self._size_nm, particles.pixel_size_nm
        if before_nm != self._size_nm and self.filter.problem is None:
            self.filter.set_params(self.filter.params().rescaled(before_nm, self._size_nm))
        counted, table = particles.counted, particles.table
        size_nm, rules = particles.pixel_size_nm, particles.rules
        cut = int((table["touches_border"].astype(bool) & (table["weight"] == 0)).sum())
        self.headline.setText(headline(counted, len(table), size_nm, rules.size, cut, self._uncertainty))
        self.headline.setToolTip(f"{rules.border.sentence} {_intervals(self._uncertainty)} {TERMS}")
        self.plot.show_table(counted, size_nm, rules.size)
        self.table.show_rows(counted)
        self.exporting.set_anything(bool(len(counted)))
        self._highlight(particles)

    def _highlight(self, particles: Particles) -> None:
        self.table.highlight(particles.selected)
        self.plot.highlight(particles.selected)
        self.remove.setEnabled(bool(particles.selected))

    def _select(self, ids: list[int]) -> None:
        if self._particles is not None:
            self._particles.select(ids)

    def _filter(self) -> None:
        if self._particles is not None and self.filter.problem is None:
            self._particles.set_filter(self.filter.params())

    def _colour(self, wanted: bool) -> None:
        if self._particles is not None:
            self._particles.colour_aggregates(wanted)

    def _remove(self) -> None:
        if self._particles is not None:
            self._particles.remove(self._particles.selected)

    def _removed(self, event: "Event") -> None:
        if self._particles is not None and event.value is self._particles.layer:
            self.release()

    def _click(self, viewer: object, event: "Event") -> Generator[None, None, None]:
        """Select the particle under a click, with Shift in addition; drags are left to the viewer."""
        start = np.array(event.pos)
        yield
        moved = 0.0
        while event.type == "mouse_move":
            moved = max(moved, float(np.abs(np.array(event.pos) - start).max()))
            yield
        particles = self._particles
        if particles is None or self._paused or moved > CLICK_PX:
            return
        layer = particles.layer
        if not layer.visible or layer.mode not in ("pan_zoom", "pick"):
            return
        number: Any = layer.get_value(  # of a multiscale layer it would be a tuple
            event.position, view_direction=event.view_direction, dims_displayed=event.dims_displayed, world=True
        )
        ids = {int(number)} if number else set[int]()
        particles.select(particles.selected ^ ids if "Shift" in event.modifiers else ids)

    def _given(self) -> Exported | None:
        return None if self._particles is None else self._particles.exported()


def _intervals(uncertainty: StoredUncertainty) -> str:
    """State what the intervals shown hold, and what they do not."""
    held, missing = joined(["sampling", *uncertainty.included]), joined(uncertainty.missing)
    without = f"; not included: {missing}" if missing else ""
    return f"In parentheses: 95 % confidence intervals from {held}{without}."


def headline(
    counted: pd.DataFrame,
    total: int,
    pixel_size_nm: float | None,
    measure: str = "ecd",
    cut: int = 0,
    uncertainty: StoredUncertainty = StoredUncertainty(),
) -> str:
    """Return number, geometric mean, GSD and D50 of counted particles, with 95 % intervals; `cut` are at the border."""
    if not len(counted):
        return f"0 of {total} particles counted." if total else "No particles were found."
    sizes, unit = sizes_and_unit(counted, pixel_size_nm, measure)
    weights, sign = counted["weight"].to_numpy(float), {"um": "µm"}.get(unit, unit)
    found, limits = size_statistics(sizes, weights), headline_intervals(sizes, weights)

    def figure(title: str, name: str, unit: str = "") -> str:
        sampled = Estimate(found[name], *limits.get(name, (None, None)))
        value, interval = uncertainty.widen(name, sampled, FACTOR).text
        return f"{title} {value}{unit} {interval}".strip()

    number = f"{len(counted)} of {total} particles counted"
    if total == len(counted):
        number = plural(total, "particle")
    lines = [f"<b>{number}</b>"]
    lines += [f"{cut} {'is' if cut == 1 else 'are'} cut by the border"] if cut else []
    lines += [figure("geometric mean", "geometric_mean", f" {sign}")]
    lines += [figure("GSD", "gsd")] if found["gsd"] is not None else []
    return "<br>".join([*lines, figure("D50", "d50", f" {sign}")])
