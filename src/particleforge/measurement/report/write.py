"""Write a report of one measurement."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from particleforge.errors import UserError
from particleforge.measurement.measured import Measured
from particleforge.measurement.report.content import Content, Plot, content
from particleforge.measurement.report.html import write_html
from particleforge.measurement.report.pdf import write_pdf
from particleforge.measurement.report.table import Table
from particleforge.measurement.statistics.bootstrap import Precision
from particleforge.measurement.statistics.describe import Description, describe
from particleforge.measurement.statistics.sizes import Sizes
from particleforge.store.files import atomic_write

SUFFIXES = (".html", ".pdf")
"""File formats of reports."""
_OUTLINES = "The particles with their numbers. Dashed outlines do not count; the table of particles states why."
_DISTRIBUTIONS = "Size distribution by number and by volume, with the fit, and a test for a log-normal distribution."


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
    from particleforge.measurement.report.aggregation import aggregation_plots, aggregation_tables, aggregation_warnings
    from particleforge.measurement.report.picture import picture_svg
    from particleforge.measurement.report.plots import distributions, svg

    sizes = Sizes.of(measured.table, measured.rules)
    description = describe(sizes, precision) if description is None else description
    report = content(measured, description, provenance or {})
    plots = [Plot(picture_svg(measured), _OUTLINES)] if measured.labels is not None else []
    if description.count:
        plots.append(Plot(svg(distributions(sizes, description, measured)), _DISTRIBUTIONS))
    plots += aggregation_plots(measured.aggregation)
    tables = [*report.tables, *aggregation_tables(measured.aggregation), *more]
    warnings = [*warnings, *report.warnings, *aggregation_warnings(measured.aggregation)]
    write_pages(path, replace(report, tables=tables, warnings=warnings, plots=plots))
    return description


def write_pages(path: Path | Sequence[Path], report: Content) -> None:
    """Write a report as HTML or PDF by the suffix of each path.

    Raises
    ------
    UserError
        If a suffix is different, or the disk is full or not writable.
    """
    paths = [path] if isinstance(path, Path) else list(path)
    for one, write in [(one, _writer(one)) for one in paths]:
        with atomic_write(one) as temporary:
            write(temporary, report)


def _writer(path: Path) -> Callable[[Path, Content], None]:
    writers = {".html": write_html, ".pdf": write_pdf}
    if path.suffix.lower() not in writers:
        raise UserError(f"{path.name} is not a report.", f"Reports end in {' or '.join(writers)}.")
    return writers[path.suffix.lower()]
