"""What was measured: figures, distribution and table, tied to the particles in the image."""

from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from particleforge.measurement.distribution import size_statistics
from particleforge.micrograph import Micrograph
from particleforge.widgets.background import Background
from particleforge.widgets.folded_form import FoldedForm
from particleforge.widgets.layers import file_name
from particleforge.widgets.measure.export import write_figure, write_label_image, write_table
from particleforge.widgets.measure.particles import Filter, Particles
from particleforge.widgets.measure.plot import SizesPlot
from particleforge.widgets.measure.table import ParticleTable
from particleforge.widgets.message import Message

if TYPE_CHECKING:
    from napari import Viewer

CLICK_PX = 4
"""A mouse that moves further was dragged."""
EXPORTS = {
    "Table…": ("Comma-separated values (*.csv)", ".csv"),
    "Labels…": ("TIFF (*.tif)", ".tif"),
    "Figure…": ("SVG (*.svg);;PNG (*.png);;PDF (*.pdf)", ".svg"),
}


class ResultsView(QWidget):
    """Shows `Particles`; a click in the image, on a bar or on a row lights up the same ones everywhere."""

    def __init__(self, viewer: "Viewer") -> None:
        super().__init__()
        self._viewer = viewer
        self._particles: Particles | None = None
        self._read: Callable[[], Micrograph] | None = None
        self._background = Background()
        self.headline = QLabel(self)
        self.headline.setWordWrap(True)
        self.plot = SizesPlot(self)
        self.filter = FoldedForm(Filter, (), title="Count only some of them")
        self.table = ParticleTable(self)
        self.remove = QPushButton("Remove selected", self)
        self.remove.setToolTip("Take the selected particles out; Ctrl+Z in the image brings them back.")
        self.export = {text: QPushButton(text, self) for text in EXPORTS}
        self.message = Message(self)
        self._lay_out()
        self.plot.picked.connect(self._select)
        self.table.picked.connect(self._select)
        self.filter.changed.connect(self._filter)
        self.remove.clicked.connect(self._remove)
        for text, button in self.export.items():
            button.clicked.connect(lambda _=False, text=text: self._export(text))
        self._background.done.connect(self.message.say)
        self._background.failed.connect(self.message.warn)
        self.hide()

    def _lay_out(self) -> None:
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.headline)
        box.addWidget(self.plot)
        box.addWidget(self.filter)
        box.addWidget(self.table, 1)
        box.addWidget(self.remove)
        line = QHBoxLayout()
        line.addWidget(QLabel("Export", self))
        for button in self.export.values():
            line.addWidget(button, 1)
        box.addLayout(line)
        box.addWidget(self.message)

    def set_particles(self, particles: Particles, read: Callable[[], Micrograph] | None = None) -> None:
        """Show other particles; `read` gives their image for the exported figure."""
        self.release()
        self._particles, self._read = particles, read
        particles.changed.connect(self._update)
        particles.selection_changed.connect(self._highlight)
        self._viewer.mouse_drag_callbacks.append(self._click)
        self._viewer.layers.events.removed.connect(self._removed)
        if self.filter.problem is None:
            particles.set_filter(self.filter.params())
        self._update()
        self.show()

    def release(self) -> None:
        """Let go of the particles shown."""
        if self._particles is None:
            return
        self._particles.release()
        self._particles = None
        self._viewer.mouse_drag_callbacks.remove(self._click)
        self._viewer.layers.events.removed.disconnect(self._removed)
        self.hide()

    def _update(self) -> None:
        counted = self._particles.counted
        self.headline.setText(headline(counted, len(self._particles.table), self._particles.pixel_size_nm))
        self.plot.show_table(counted, self._particles.pixel_size_nm)
        self.table.show_rows(counted)
        for button in (self.export["Table…"], self.export["Figure…"]):
            button.setEnabled(bool(len(counted)))
        self._highlight()

    def _highlight(self) -> None:
        self.table.highlight(self._particles.selected)
        self.plot.highlight(self._particles.selected)
        self.remove.setEnabled(bool(self._particles.selected))

    def _select(self, ids: list[int]) -> None:
        if self._particles is not None:
            self._particles.select(ids)

    def _filter(self) -> None:
        if self._particles is not None and self.filter.problem is None:
            self._particles.set_filter(self.filter.params())

    def _remove(self) -> None:
        self._particles.remove(self._particles.selected)

    def _removed(self, event: Any) -> None:
        if self._particles is not None and event.value == self._particles.layer:  # plugins see proxies of layers
            self.release()

    def _click(self, viewer: Any, event: Any) -> Generator[None, None, None]:
        """Select the particle under a click, with Shift one more; a drag is left to the viewer."""
        start = np.array(event.pos)
        yield
        moved = 0.0
        while event.type == "mouse_move":
            moved = max(moved, float(np.abs(np.array(event.pos) - start).max()))
            yield
        layer = None if self._particles is None else self._particles.layer
        if layer is None or moved > CLICK_PX or not layer.visible or layer.mode not in ("pan_zoom", "pick"):
            return
        number = layer.get_value(
            event.position, view_direction=event.view_direction, dims_displayed=event.dims_displayed, world=True
        )
        ids = {int(number)} if number else set[int]()
        self._select(list(self._particles.selected ^ ids if "Shift" in event.modifiers else ids))

    def _export(self, text: str) -> None:
        kinds, suffix = EXPORTS[text]
        name = file_name(self._particles.layer.name) + suffix
        chosen, _ = QFileDialog.getSaveFileName(self, f"Export {text[:-1].lower()}", name, kinds)
        if not chosen:
            return
        path = Path(chosen) if Path(chosen).suffix else Path(chosen + suffix)
        table, labels = self._particles.counted, self._particles.counted_labels()
        size, read = self._particles.pixel_size_nm, self._read

        def work(_: Any) -> str:
            if text == "Table…":
                write_table(path, table)
            elif text == "Labels…":
                write_label_image(path, labels)
            else:
                write_figure(path, table, labels, size, read)
            return f"Saved as {path.name}."

        self._background.run(work)


def headline(counted: pd.DataFrame, total: int, pixel_size_nm: float | None) -> str:
    """Count, geometric mean, D50 and GSD of the particles that count."""
    if not len(counted):
        return f"None of {total} particles counts." if total else "No particle was found."
    from particleforge.measurement.figures import sizes_in_unit

    sizes, unit = sizes_in_unit(counted, pixel_size_nm)
    found, sign = size_statistics(sizes), {"um": "µm"}.get(unit, unit)
    number = f"{len(counted)} particle{'' if len(counted) == 1 else 's'}"
    number += f" of {total}" if total > len(counted) else ""
    gsd = "" if found["gsd"] is None else f" · GSD {found['gsd']:.2f}"
    mean, middle = (f"{found[name]:.4g} {sign}" for name in ("geometric_mean", "d50"))
    return f"<b>{number}</b><br>geometric mean {mean}<br>D50 {middle}{gsd}"
