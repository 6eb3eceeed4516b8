"""Write a report of one measurement."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from particleforge.errors import UserError
from particleforge.measurement.measured import Measured
from particleforge.measurement.report.content import Content, Table, content
from particleforge.measurement.statistics.bootstrap import Precision
from particleforge.measurement.statistics.describe import Description, describe
from particleforge.measurement.statistics.sizes import Sizes
from particleforge.store.files import atomic_write

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SUFFIXES = (".html", ".pdf")


def write_report(
    path: Path,
    measured: Measured,
    *,
    provenance: Mapping[str, Any] | None = None,
    precision: Precision = Precision(),
    description: Description | None = None,
    more: Sequence[Table] = (),
) -> Description:
    """Write a self-contained report of one measured image, or of several images together.

    Parameters
    ----------
    path
        ``.html`` or ``.pdf``.
    measured
        The particles, and the image they are drawn on.
    provenance
        Plain data: model, recipe, parameters, files.
    precision
        Of the intervals.
    description
        Of the sizes where it is known already.
    more
        Tables to stand before those of the report.

    Returns
    -------
    Description
        The figures reported.

    Raises
    ------
    UserError
        If the suffix is another one, or the disk is full or not writable.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise UserError(f"{path.name} is no report.", f"Reports are {' or '.join(SUFFIXES)}.")
    from particleforge.measurement.report.plots import distributions, picture

    sizes = Sizes.of(measured.table, measured.rules)
    description = describe(sizes, precision) if description is None else description
    said = content(measured, description, provenance or {})
    said = replace(said, tables=[*more, *said.tables])
    drawn = [fig for fig in (picture(measured), distributions(sizes, description, measured)) if fig is not None]
    with atomic_write(path) as temporary:
        if path.suffix.lower() == ".pdf":
            from particleforge.measurement.report.pdf import write_pdf

            write_pdf(temporary, said, drawn)
        else:
            temporary.write_text(page(said, drawn), encoding="utf-8")
    return description


def page(said: Content, drawn: "list[Figure]") -> str:
    """HTML of a report with its plots inside."""
    return str(template("report.html").render(said=said, plots=[svg(fig) for fig in drawn]))


def template(name: str) -> Any:
    """Jinja template of this package; what is put in is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("particleforge.measurement.report", "templates")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True).get_template(name)


def svg(fig: "Figure") -> Any:
    """Figure as an SVG element; text stays text, and the same figure gives the same bytes."""
    import matplotlib as mpl
    from markupsafe import Markup

    text = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "particleforge"}):
        fig.savefig(text, format="svg", dpi=150, metadata={"Date": None})
    found = text.getvalue()
    return Markup(found[found.index("<svg") :])
