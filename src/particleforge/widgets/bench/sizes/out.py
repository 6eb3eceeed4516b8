"""Buttons that copy what is shown, or write it to files."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QWidget

from particleforge.widgets.background import Background
from particleforge.widgets.bench.buttons import primary, quiet
from particleforge.widgets.bench.sizes.drawing import Look
from particleforge.widgets.bench.sizes.files import check_new, write_csv, write_plot, write_shown_report, write_xlsx
from particleforge.widgets.bench.sizes.remembered import read_remembered, remember
from particleforge.widgets.bench.sizes.shown import Shown
from particleforge.widgets.layers import file_name
from particleforge.widgets.unexpected import shown_by


@dataclass(frozen=True, eq=False)
class Given:
    """What is to be written.

    Parameters
    ----------
    shown
        The groups.
    look
        How the plot is drawn.
    provenance
        Plain data: project, rules.
    """

    shown: Shown
    look: Look
    provenance: Mapping[str, Any]


def _write_table(path: Path, given: Given) -> None:
    write = write_csv if path.suffix.lower() == ".csv" else write_xlsx
    write(path, given.shown)


def _write_figure(path: Path, given: Given) -> None:
    write_plot(path, given.shown, given.look)


def _write_report(path: Path, given: Given) -> None:
    write_shown_report(path, given.shown, given.provenance)


@dataclass(frozen=True)
class Kind:
    """A kind of file: its name, the types that can be chosen, the suffix of the first, and what writes it."""

    name: str
    types: str
    suffixes: tuple[str, ...]
    write: Callable[[Path, Given], None]


TABLE = Kind("table", "Excel (*.xlsx);;Comma-separated values (*.csv)", (".xlsx", ".csv"), _write_table)
FIGURE = Kind("figure", "PNG (*.png);;SVG (*.svg);;PDF (*.pdf)", (".png", ".svg", ".pdf"), _write_figure)
REPORT = Kind("report", "PDF (*.pdf);;HTML (*.html)", (".pdf", ".html"), _write_report)


class Out(QWidget):
    """Asks for a path and writes in a thread; `reported` gives a message, `failed` a `UserError`.

    Parameters
    ----------
    given
        Returns what is to be written; None if there is nothing.
    """

    reported = Signal(object)
    failed = Signal(object)
    copied = Signal()
    scripted = Signal()

    def __init__(self, given: Callable[[], Given | None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._given = given
        self._background = Background(finishes=True)
        self._background.done.connect(self.reported)
        self._background.failed.connect(self.failed)
        self.copy = quiet("Copy", "copy", "Copy the table, or its selected rows, for a spreadsheet (Ctrl+C).")
        self.table = quiet("Table", "table", "Write all particles, their summary and the settings: Excel or CSV.")
        self.figure = quiet("Figure", "figure", "Write the plot as it is shown: PNG, SVG or PDF.")
        self.script = quiet("Script", "script", "Show the command line and the Python that give these figures.")
        self.report = primary("Report")
        self.report.setToolTip("Write figures, plots and all choices that were made: PDF or HTML.")
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(4)
        for button in (self.copy, self.table, self.figure, self.script, self.report):
            line.addWidget(button, 1 if button is self.report else 0)
        self.copy.clicked.connect(self.copied)
        self.script.clicked.connect(self.scripted)
        for button in (self.table, self.figure, self.report):
            button.clicked.connect(self._ask)

    def set_anything(self, anything: bool) -> None:
        """Set whether there are particles."""
        for button in (self.copy, self.table, self.figure, self.report):
            button.setEnabled(anything)

    def ask(self, kind: Kind) -> None:
        """Ask for a path in the folder of last time, and write."""
        given = self._given()
        if given is None:
            return
        name = file_name(given.shown.names[0] if len(given.shown.names) == 1 else "groups")
        folder = read_remembered().folder(kind.name)
        suggested = f"{name} {kind.name}{kind.suffixes[0]}"
        start = str(folder / suggested) if folder is not None else suggested
        chosen, wanted = QFileDialog.getSaveFileName(self, f"Save the {kind.name}", start, kind.types)
        if chosen:
            with shown_by(self.failed.emit):
                self.write(kind, Path(chosen), wanted, given)

    def _ask(self) -> None:
        kinds = {self.table: TABLE, self.figure: FIGURE, self.report: REPORT}
        self.ask(next(kind for button, kind in kinds.items() if button is self.sender()))

    def write(self, kind: Kind, chosen: Path, wanted: str, given: Given) -> None:
        """Write a file in a thread, and remember its folder.

        Raises
        ------
        UserError
            If it would overwrite a file that was not chosen.
        """
        path = with_suffix(chosen, wanted, kind)
        check_new(path, chosen)

        def work(_: object) -> str:
            kind.write(path, given)
            remember(folders=read_remembered().folders | {kind.name: str(path.parent.absolute())})
            return f"Saved as {path.name}."

        self._background.run(work)


def with_suffix(path: Path, wanted: str, kind: Kind) -> Path:
    """Path with the suffix of the type that was chosen, unless it has one of the kind."""
    if path.suffix.lower() in kind.suffixes:
        return path
    suffix = next((one for one in kind.suffixes if f"*{one}" in wanted), kind.suffixes[0])
    return Path(f"{path}{suffix}")
