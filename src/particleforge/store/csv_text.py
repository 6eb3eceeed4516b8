"""Comma-separated values whose texts no spreadsheet takes for formulas."""

import csv
import io
import math
import re
from collections.abc import Iterable, Sequence

from particleforge.errors import printable

_FORMULA = re.compile(r"'*([=+@\t\r]|-[^\W\d_])")
"""Beginning of a text that a spreadsheet would run as a formula, or of one that was guarded against it."""


def guarded(text: str) -> str:
    """Text with an apostrophe in front where a spreadsheet would take it for a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def unguarded(text: str) -> str:
    """Text as it was before `guarded`."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def csv_rows(header: Sequence[str], rows: Iterable[Sequence[str | float | None]]) -> str:
    """Format a table: texts guarded, numbers with seven significant digits, nothing for None and NaN."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    for row in (header, *rows):
        writer.writerow([_cell(value) for value in row])
    return file.getvalue()


def _cell(value: str | float | None) -> str:
    if isinstance(value, str):
        return guarded(printable(value))
    if value is None or math.isnan(value):
        return ""
    return f"{value:.7g}" if value % 1 else f"{value:.15g}"
