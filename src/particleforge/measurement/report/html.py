"""A report as one HTML page."""

from functools import cache
from pathlib import Path
from typing import Any

from particleforge.errors import printable
from particleforge.measurement.report.content import Content


def write_html(path: Path, report: Content) -> None:
    """Write a page that needs nothing else."""
    path.write_text(printable(template("report.html").render(report=report)), encoding="utf-8")


@cache
def template(name: str) -> Any:
    """Jinja template of this package; inserted text is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("particleforge.measurement.report", "templates")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True).get_template(name)
