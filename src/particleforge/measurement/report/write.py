"""Write a report of one measurement."""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from particleforge.errors import UserError
from particleforge.measurement.measured import Measured
from particleforge.measurement.report.content import Content, Table, content
from particleforge.measurement.report.pdf import write_pdf
from particleforge.measurement.statistics.bootstrap import Precision
from particleforge.measurement.statistics.describe import Description, describe
from particleforge.measurement.statistics.sizes import Sizes
from particleforge.store.files import atomic_write

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SUFFIXES = (".html", ".pdf")
"""File formats of reports."""


def write_report(
    path: Path | Sequence[Path],
    measured: Measured,
    *,
    provenance: Mapping[str, Any] | None = None,
    precision: Precision = Precision(),
    description: Description | None = None,
    more: Sequence[Table] = (),
    warnings: Sequence[str] = (),
) -> Description:
    """Write a self-contained report of one measured image, or of several images together.

    Parameters
    ----------
    path
        ``.html`` or ``.pdf``, or one of each.
    measured
        The particles, and the image on which they are drawn.
    provenance
        Plain data: model, recipe, parameters, files.
    precision
        Precision of the intervals.
    description
        Description of the sizes, if already computed.
    more
        Tables to append to those of the sizes.
    warnings
        Sentences to put before those of the report.

    Returns
    -------
    Description
        The figures reported.

    Raises
    ------
    UserError
        If the suffix is different, or the disk is full or not writable.
    """
    from particleforge.measurement.report.plots import distributions, picture

    sizes = Sizes.of(measured.table, measured.rules)
    description = describe(sizes, precision) if description is None else description
    report = content(measured, description, provenance or {})
    report = replace(report, tables=[*report.tables, *more], warnings=[*warnings, *report.warnings])
    drawn = [fig for fig in (picture(measured), distributions(sizes, description, measured)) if fig is not None]
    write_pages(path, report, drawn)
    return description


def write_pages(path: Path | Sequence[Path], report: Content, drawn: "Sequence[Figure]") -> None:
    """Write text and plots as HTML or PDF by the suffix of each path.

    Raises
    ------
    UserError
        If a suffix is different, or the disk is full or not writable.
    """
    paths = [path] if isinstance(path, Path) else list(path)
    for one, write in [(one, _writer(one)) for one in paths]:
        with atomic_write(one) as temporary:
            write(temporary, report, drawn)


def write_html(path: Path, report: Content, drawn: "Sequence[Figure]") -> None:
    """Write the text with the plots embedded."""
    text = template("report.html").render(report=report, plots=[svg(fig) for fig in drawn])
    path.write_text(text, encoding="utf-8")


def _writer(path: Path) -> "Callable[[Path, Content, Sequence[Figure]], None]":
    writers = {".html": write_html, ".pdf": write_pdf}
    if path.suffix.lower() not in writers:
        raise UserError(f"{path.name} is not a report.", f"Reports end in {' or '.join(writers)}.")
    return writers[path.suffix.lower()]


def template(name: str) -> Any:
    """Jinja template of this package; inserted text is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("particleforge.measurement.report", "templates")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True).get_template(name)


def svg(fig: "Figure") -> Any:
    """Figure as an SVG element; text stays text, and equal figures give equal bytes."""
    import matplotlib as mpl
    from markupsafe import Markup

    text = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "particleforge"}):
        fig.savefig(text, format="svg", dpi=150, metadata={"Date": None})
    found = text.getvalue()
    return Markup(found[found.index("<svg") :])
