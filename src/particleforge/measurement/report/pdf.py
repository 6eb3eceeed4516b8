"""A report as PDF: plots as vector graphics, text and tables as text."""

import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from particleforge.measurement.picture import INK
from particleforge.measurement.report.content import Content, Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

A4_IN = (8.27, 11.69)
_LINES, _COLUMNS, _POINTS = 84, 112, 7.2
_LONG = 30
_Line = tuple[str, bool]


def write_pdf(path: Path, report: Content, drawn: "Sequence[Figure]") -> None:
    """Write the text on A4 pages, then the plots on pages of their own size."""
    import matplotlib as mpl
    from matplotlib.backends.backend_pdf import PdfPages

    about = {"Title": report.title, "Creator": f"ParticleForge {report.version}", "CreationDate": None}
    with mpl.rc_context({"pdf.fonttype": 42}), PdfPages(path, metadata=about) as pages:
        for fig in (*_sheets(list(_words(report))), *drawn):
            pages.savefig(fig)


def _words(report: Content) -> Iterator[_Line]:
    """Lines of text, and whether each is a heading."""
    yield report.title, True
    yield from _plain(["", *(f"{name:<24}{value:<14}{interval}" for name, value, interval in report.headline), ""])
    yield from _wrapped([*report.warnings, ""])
    for table in report.tables:
        yield table.title, True
        yield from _plain(_columns(table))
        yield from _wrapped([table.note, ""] if table.note else [""])
    yield "Rules", True
    yield from _wrapped([*(f"{name}: {text}" for name, text in report.rules.items()), ""])
    if report.provenance:
        yield "Provenance", True
        yield from _wrapped([*report.provenance.splitlines(), ""])
    yield f"ParticleForge {report.version}", False


def _sheets(lines: list[_Line]) -> "Iterator[Figure]":
    """A4 pages, in a font small enough for the widest line."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    points = _POINTS * min(1, _COLUMNS / max(len(line) for line, _ in lines))
    for start in range(0, len(lines), _LINES):
        fig = Figure(figsize=A4_IN, facecolor="white")
        FigureCanvasAgg(fig)
        for number, (line, bold) in enumerate(lines[start : start + _LINES]):
            weight = "bold" if bold else "normal"
            place = (0.07, 0.95 - 0.9 * number / _LINES)
            fig.text(*place, line, family="monospace", weight=weight, fontsize=points, color=INK, parse_math=False)
        yield fig


def _plain(lines: Sequence[str]) -> Iterator[_Line]:
    return ((line, False) for line in lines)


def _wrapped(texts: Sequence[str]) -> Iterator[_Line]:
    return _plain([line for text in texts for line in textwrap.wrap(text, _COLUMNS, subsequent_indent="  ") or [""]])


def _columns(table: Table) -> list[str]:
    """Rows in columns of fixed width; numbers right-aligned, text left-aligned."""
    rows = [table.head, *table.rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(table.head))]
    words = [i == 0 or any(len(row[i]) > _LONG for row in table.rows) for i in range(len(widths))]
    return [
        "  ".join(
            cell.ljust(width) if left else cell.rjust(width)
            for cell, width, left in zip(row, widths, words, strict=True)
        ).rstrip()
        for row in rows
    ]
