"""Which columns of the particle table are shown, and what their heads say. No Qt here."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from particleforge.measurement.column import Column
from particleforge.measurement.columns import columns

if TYPE_CHECKING:
    import pandas as pd

FIRST = ("label", "ecd", "feret_max", "feret_min", "circularity", "class", "score")
"""Properties shown before a person chooses."""
ALWAYS = ("image", "group")
"""Shown whenever there are several."""
REASON = "excluded"


def offered(table: "pd.DataFrame") -> dict[str, Column]:
    """Columns of a table by their names in it: each once, in nm if the pixel size is known."""
    found: dict[str, Column] = {}
    for column in columns().values():
        there = [name for name in column.names if name in table]
        if there:
            found[there[-1]] = column
    return found


def shown_columns(table: "pd.DataFrame", wanted: Sequence[str]) -> dict[str, Column]:
    """Columns to show of a table, by their names in it: those wanted, image and group if there are several.

    Parameters
    ----------
    table
        The particles.
    wanted
        Names of properties.
    """
    several = [name for name in ALWAYS if name in table and table[name].nunique() > 1]
    every = offered(table)
    chosen = [name for name, column in every.items() if column.name in wanted and column.name not in ALWAYS]
    return {name: every[name] for name in (*several, *sorted(chosen, key=lambda name: every[name].place))}


def head(name: str, column: Column, short: bool = False) -> str:
    """Head of a column with its unit."""
    title = (column.heading if short else "") or f"{column.title[:1].upper()}{column.title[1:]}"
    unit = unit_sign(column.unit(name))
    return f"{title} ({unit})" if unit else title


def unit_sign(unit: str) -> str:
    """Write a unit as people do."""
    return {"px2": "px²", "px3": "px³", "nm2": "nm²", "nm3": "nm³", "deg": "°"}.get(unit, unit)


def cell(value: Any) -> str:
    """Format a value of a table for people."""
    if value is None or value != value:
        return ""
    if isinstance(value, float):
        whole = value.is_integer() or abs(value) >= 100
        return f"{value:.0f}" if whole else f"{value:#.3g}".rstrip(".")
    return ("yes" if value else "") if str(value) in ("True", "False") else str(value)


def as_tsv(table: "pd.DataFrame", names: Iterable[str]) -> str:
    """Return columns of a table as tab-separated text with heads and units, as spreadsheets take it."""
    from particleforge.store.csv_text import guarded

    every, chosen = offered(table), list(names)
    lines = ["\t".join(head(name, every[name]) if name in every else name for name in chosen)]
    arrays = [table[name].tolist() for name in chosen]
    lines += ["\t".join(guarded(_plain(value)) for value in row) for row in zip(*arrays, strict=True)]
    return "\n".join(lines) + "\n"


def _plain(value: Any) -> str:
    """Value as text that keeps seven digits; no tabs or line breaks, which would end the cell."""
    if value is None or value != value:
        return ""
    return f"{value:.7g}" if isinstance(value, float) else " ".join(str(value).split())
