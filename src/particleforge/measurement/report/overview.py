"""A report of several images together, with a line for each image."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from particleforge.measurement.certainty import unsure
from particleforge.measurement.measured import Measured
from particleforge.measurement.numbers import digits, with_limits
from particleforge.measurement.pooling import not_pooled, not_pooled_sentence
from particleforge.measurement.report.table import Table
from particleforge.measurement.report.warnings import remarks_on
from particleforge.measurement.report.write import SUFFIXES, write_report
from particleforge.measurement.statistics.describe import Description
from particleforge.store.left_out import left_out_sentence
from particleforge.wording import plural

Line = tuple[str, ...]
HEAD: Line = ("Image", "Pixel (nm)", "Count", "Geometric mean", "Interval", "GSD", "D50")


def image_line(name: str, entry: Mapping[str, Any]) -> Line:
    """Line of one image from its summary; lengths in nm if its pixel size is known, otherwise in px."""
    unit = "nm" if entry["nm"] is not None else "px"
    size = entry[unit]
    middle, limits = with_limits(size["geometric_mean"], *entry["intervals"]["geometric_mean"])
    return (
        name,
        digits(entry["pixel_size_nm"]),
        str(entry["counted"]),
        f"{middle} {unit}",
        limits.strip("()"),
        digits(size["gsd"]),
        f"{digits(size['d50'])} {unit}",
    )


def image_table(images: Mapping[str, Mapping[str, Any]]) -> Table:
    """Table with a line for each image, which links to ``reports/NAME.html``.

    Parameters
    ----------
    images
        Summaries by name, as ``images`` in ``summary.json``; the certainty is shown if any of them has one.
    """
    head, lines = HEAD, [image_line(name, entry) for name, entry in images.items()]
    sure = [entry.get("certainty") for entry in images.values()]
    if any(one is not None for one in sure):
        head = (*HEAD, "Certainty")
        lines = [(*line, "-" if one is None else f"{one:.2f}") for line, one in zip(lines, sure, strict=True)]
    return Table("Images", head, lines, links=[f"reports/{quote(name)}.html" for name in images])


def write_overview(
    out: Path,
    together: Measured,
    images: Mapping[str, Mapping[str, Any]],
    failed: Mapping[str, str],
    left_out: Mapping[str, int],
    *,
    provenance: Mapping[str, Any],
    description: Description,
) -> None:
    """Write ``report.html`` and ``report.pdf`` of all images into a folder.

    Parameters
    ----------
    out
        The folder.
    together
        The particles of all pooled images.
    images
        Their summaries by name.
    failed
        Reasons why images could not be measured, by name.
    left_out
        What was skipped in the folders; see `particleforge.store.left_out`.
    provenance
        Plain data.
    description
        Description of all sizes together.

    Raises
    ------
    UserError
        If the disk is full or not writable.
    """
    tables = [image_table(images)]
    excluded = not_pooled(images, together.rules)
    warnings = [*remarks_on(images), *unsure(images)]
    if excluded:
        tables.insert(0, Table("Not pooled", ("Image", "Reason"), list(excluded.items())))
        warnings.insert(0, not_pooled_sentence(excluded))
    if failed:
        tables.insert(0, Table("Not measured", ("Image", "Reason"), list(failed.items())))
        warnings.insert(0, f"{plural(len(failed), 'image')} could not be measured; see below.")
    if left_out:
        warnings.insert(0, left_out_sentence(left_out))
    paths = [out / f"report{suffix}" for suffix in SUFFIXES]
    write_report(paths, together, provenance=provenance, description=description, more=tables, warnings=warnings)
