"""``particles.csv``, written and read as the columns declare; undeclared columns are kept as they are."""

import io
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from particleforge.measurement.column import Column
from particleforge.measurement.columns import arranged, by_table_name, written
from particleforge.store.csv_text import guarded, unguarded
from particleforge.store.files import atomic_write, disk_errors

if TYPE_CHECKING:
    import pandas as pd


def read_table(path: Path) -> "pd.DataFrame":
    """Read a particle table. Text stays text (an image may be named NA); only empty cells count as missing."""
    import pandas as pd

    declared = by_table_name()
    text = {name: str for name, column in declared.items() if column.dimension == "text"}
    table = pd.read_csv(path, dtype=text, keep_default_na=False, na_values=[""])
    table = _guarded(table, unguarded)
    types = {name: _type(table[name], declared[name]) for name in table if name in declared and name not in text}
    return table.astype(types)


def csv_text(table: "pd.DataFrame", header: bool = True) -> str:
    """Format particles as comma-separated values, with seven significant digits.

    Names that a spreadsheet would take for formulas begin with an apostrophe, which `read_table` removes.
    """
    return str(_guarded(table, guarded).to_csv(index=False, header=header, float_format="%.7g", lineterminator="\n"))


def _guarded(table: "pd.DataFrame", change: Callable[[str], str]) -> "pd.DataFrame":
    """Change the columns of text."""
    names = [name for name, column in by_table_name().items() if column.dimension == "text" and name in table]
    return table.assign(**{name: table[name].map(change, na_action="ignore") for name in names})


class TableFile:
    """Particles or aggregates of several images in one file, added image by image.

    Parameters
    ----------
    path
        The file. An existing one is continued: its columns are kept.
    names
        Returns the names of the columns that it always has.
    order
        Puts names of columns into order.
    """

    def __init__(
        self,
        path: Path,
        names: Callable[[], list[str]] = written,
        order: Callable[[Iterable[str]], list[str]] = arranged,
    ) -> None:
        self.path, self._names, self._order = path, names, order

    def counts(self) -> Counter[str]:
        """Count the rows of each image."""
        return Counter(self._as_written()["image"])

    def keep(self, images: Sequence[str]) -> None:
        """Begin the file, or keep only the rows of some images, in their order; rows stay as they were written.

        Raises
        ------
        UserError
            If the disk is full or not writable.
        """
        rows = self._as_written()
        places = rows["image"].map({name: place for place, name in enumerate(images)})
        kept = rows.loc[places.dropna().sort_values(kind="stable").index]
        declared = set(by_table_name()) - set(self._names())
        unused = {name for name in kept if name in declared and not kept[name].any()}
        self._write(kept, self._order([*(str(name) for name in kept if name not in unused), *self._names()]))

    def append(self, table: "pd.DataFrame") -> None:
        """Add the particles of an image; new columns are empty for the others.

        Raises
        ------
        UserError
            If the disk is full or not writable.
        """
        import pandas as pd

        header = [str(name) for name in pd.read_csv(self.path, nrows=0)]
        names = self._order([*header, *map(str, table)])
        if names != header:
            self._write(self._as_written(), names)
        with disk_errors(self.path), self.path.open("a", encoding="utf-8", newline="") as file:
            file.write(csv_text(table.reindex(columns=names), header=False))

    def _as_written(self) -> "pd.DataFrame":
        """Read every cell as text, without an incomplete last row; no rows if the file is damaged."""
        import pandas as pd

        nothing = pd.DataFrame(columns=self._names(), dtype=str)
        if not self.path.is_file():
            return nothing
        try:
            lines, end, _ = self.path.read_text(encoding="utf-8").rpartition("\n")
            rows = pd.read_csv(io.StringIO(lines + end), dtype=str, keep_default_na=False)
        except ValueError:
            return nothing
        return _guarded(rows, unguarded) if "image" in rows else nothing

    def _write(self, rows: "pd.DataFrame", names: list[str]) -> None:
        with atomic_write(self.path) as temporary:
            temporary.write_text(csv_text(rows.reindex(columns=names)), encoding="utf-8", newline="")


def _type(values: "pd.Series[Any]", column: Column) -> type:
    """Type of a column as it was read; integers and flags only if no value is missing."""
    whole = {"count": np.int64, "flag": bool}.get(column.dimension, float)
    return float if values.isna().any() else whole
