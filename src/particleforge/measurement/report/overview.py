"""A report of several images together, with a line for each."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from particleforge.measurement.measured import Measured
from particleforge.measurement.report.content import Table
from particleforge.measurement.report.text import digits, plural
from particleforge.measurement.report.write import SUFFIXES, write_report
from particleforge.measurement.statistics.describe import Description

Line = tuple[str, ...]
HEAD = ("Image", "Pixel (nm)", "Count", "Geometric mean", "Interval", "GSD", "D50")


def image_line(name: str, entry: Mapping[str, Any]) -> Line:
    """Line of one image from its summary; lengths in nm where its pixel size is known, else in px."""
    unit = "nm" if entry["nm"] is not None else "px"
    size, (low, high) = entry[unit], entry["intervals"]["geometric_mean"]
    return (
        name,
        digits(entry["pixel_size_nm"]),
        str(entry["counted"]),
        f"{digits(size['geometric_mean'])} {unit}",
        "" if low is None else f"{digits(low)} to {digits(high)}",
        digits(size["gsd"]),
        f"{digits(size['d50'])} {unit}",
    )


def write_overview(
    out: Path,
    together: Measured,
    lines: Sequence[Line],
    failed: Mapping[str, str],
    *,
    provenance: Mapping[str, Any],
    description: Description,
) -> None:
    """Write ``report.html`` and ``report.pdf`` of all images into a folder; lines link to ``reports/NAME.html``.

    Parameters
    ----------
    out
        The folder.
    together
        Particles of all images.
    lines
        One per image, as `image_line` gives them.
    failed
        Why some images could not be measured, by name.
    provenance
        Plain data.
    description
        Of all sizes together.

    Raises
    ------
    UserError
        If the disk is full or not writable.
    """
    links = [f"reports/{quote(line[0])}.html" for line in lines]
    tables, warnings = [Table("Images", HEAD, lines, links=links)], []
    if failed:
        tables.insert(0, Table("Not measured", ("Image", "Why"), list(failed.items())))
        warnings.append(f"{plural(len(failed), 'image')} could not be measured; see below.")
    paths = [out / f"report{suffix}" for suffix in SUFFIXES]
    write_report(paths, together, provenance=provenance, description=description, more=tables, warnings=warnings)
