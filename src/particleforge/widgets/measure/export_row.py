"""Buttons that write what was measured to files."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QPushButton, QWidget

from particleforge.widgets.background import Background
from particleforge.widgets.layers import file_name
from particleforge.widgets.measure.export import (
    Exported,
    write_figure,
    write_label_image,
    write_ome,
    write_page,
    write_table,
)

Write: TypeAlias = Callable[[Path, Exported], None]
OME = ".ome.zarr"


def _write_labels(path: Path, exported: Exported) -> None:
    if path.name.endswith(OME):
        write_ome(path, exported)
    else:
        write_label_image(path, exported.labels, exported.pixel_size_nm)


EXPORTS: dict[str, tuple[str, str, Write]] = {
    "Table…": ("Comma-separated values (*.csv)", ".csv", lambda path, exported: write_table(path, exported.table)),
    "Labels…": (f"TIFF (*.tif);;OME-Zarr with the image (*{OME})", ".tif", _write_labels),
    "Figure…": ("SVG (*.svg);;PNG (*.png);;PDF (*.pdf)", ".svg", write_figure),
    "Report…": ("HTML (*.html);;PDF (*.pdf)", ".html", write_page),
}
"""File types, default suffix and writer, by the text of the button."""


class ExportRow(QWidget):
    """Asks for a path, and writes in a thread.

    `reported` gives a message, `failed` a `UserError`.

    Parameters
    ----------
    given
        Returns what is to be exported; None if there is nothing.
    """

    reported = Signal(object)
    failed = Signal(object)

    def __init__(self, given: Callable[[], Exported | None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._given = given
        self._background = Background(finishes=True)
        self._background.done.connect(self.reported)
        self._background.failed.connect(self.failed)
        self.buttons = {text: QPushButton(text, self) for text in EXPORTS}
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        self.setToolTip("Export the counted particles.")
        for button in self.buttons.values():
            button.clicked.connect(self._export)
            line.addWidget(button, 1)

    def set_anything(self, anything: bool) -> None:
        """Set whether any particle is counted; labels can be written without one."""
        for text, button in self.buttons.items():
            button.setEnabled(anything or text == "Labels…")

    def _export(self) -> None:
        text = next(text for text, button in self.buttons.items() if button is self.sender())
        kinds, suffix, write = EXPORTS[text]
        exported = self._given()
        if exported is None:
            return
        name = file_name(exported.name)
        chosen, kind = QFileDialog.getSaveFileName(self, f"Export {text[:-1].lower()}", name + suffix, kinds)
        if not chosen:
            return
        path = with_suffix(Path(chosen), kind or kinds)

        def work(_: object) -> str:
            write(path, exported)
            return f"Saved as {path.name}."

        self._background.run(work)


def with_suffix(path: Path, kind: str) -> Path:
    """Path with the suffix of the chosen file type, unless it already has one of those offered."""
    wanted = kind.split("(*")[1].split(")")[0]
    offered = [part.split(")")[0] for kinds, _, _ in EXPORTS.values() for part in kinds.split("(*")[1:]]
    if wanted == OME and path.suffix in (".tif", ""):
        return path.with_name(path.name.removesuffix(".tif") + OME)
    return path if any(path.name.endswith(suffix) for suffix in offered) else Path(f"{path}{wanted}")
