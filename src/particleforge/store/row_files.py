"""Tables of many parts of images, one Parquet file per part, read as one table.

A file is written next to its place and renamed, so one that is there is complete, and what is missing is found by
listing files. Different parts may be written by different processes at the same time.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from particleforge.errors import UserError
from particleforge.store.files import atomic_write, new_part
from particleforge.store.unreadable import unreadable

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

Part: TypeAlias = tuple[int, ...]
"""Numbers of a part, such as (plane, row of the tile, column of the tile); the table is sorted by them."""

DIGITS = 6
HINT = "Delete the file and run the command that writes it again."


class RowFiles:
    """Rows of the parts of images in a folder; cheap to pickle.

    Parameters
    ----------
    folder
        With the files; created by the first `write`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, part: Part) -> Path:
        """File of a part."""
        return self.folder / ("_".join(f"{number:0{DIGITS}d}" for number in part) + ".parquet")

    def parts(self) -> list[Part]:
        """Parts that are written, in order."""
        found = self.folder.glob("[0-9]*.parquet")
        return sorted(tuple(int(number) for number in path.stem.split("_")) for path in found)

    def write(self, part: Part, table: "pd.DataFrame") -> None:
        """Write the rows of a part, which may be none.

        Parameters
        ----------
        part
            Its numbers.
        table
            The rows. Columns of objects hold text, or are empty.

        Raises
        ------
        UserError
            If the disk is full or not writable.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        new_part(self.folder, "")
        found = pa.Table.from_pandas(table, preserve_index=False)
        typed = [one.with_type(pa.string()) if pa.types.is_null(one.type) else one for one in found.schema]
        with atomic_write(self.path(part)) as temporary:
            pq.write_table(found.cast(pa.schema(typed, found.schema.metadata)), temporary)

    def __len__(self) -> int:
        """Count the rows of all parts."""
        return sum(self._file(part).metadata.num_rows for part in self.parts())

    def schema(self) -> "pa.Schema":
        """Columns of all parts with types that hold the values of every one.

        Raises
        ------
        UserError
            If a file is damaged, or a column is text in one part and numbers in another.
        """
        import pyarrow as pa

        every = [self._file(part).schema_arrow.remove_metadata() for part in self.parts()]
        if not every:
            return pa.schema([])
        with unreadable(self.folder, HINT):
            return pa.unify_schemas(every, promote_options="permissive")

    def batches(self, columns: Sequence[str] | None = None) -> Iterator["pd.DataFrame"]:
        """Read part by part: memory is bounded by the largest one.

        Parameters
        ----------
        columns
            Only these; all if None. One that a part lacks is empty there.

        Raises
        ------
        UserError
            If no part has a column, or a file is damaged.
        """
        self._check(columns)
        for table in self.tables(columns, narrow=False):
            yield table.to_pandas()

    def read(self, columns: Sequence[str] | None = None, narrow: bool = False) -> "pd.DataFrame":
        """Read the rows of all parts as one table.

        Parameters
        ----------
        columns
            Only these; all if None. One that a part lacks is empty there.
        narrow
            For very many rows: numbers as float32, with 7 digits, or int32, and text as categories.

        Raises
        ------
        UserError
            If no part has a column, or a file is damaged.
        """
        self._check(columns)
        return read_all([self], columns, narrow)

    def tables(self, columns: Sequence[str] | None, narrow: bool) -> Iterator["pa.Table"]:
        """Read part by part; see `read`. Columns that no part has are left out."""
        import pyarrow as pa

        every = self.schema()
        names = every.names if columns is None else [name for name in columns if name in every.names]
        schema = pa.schema([every.field(name) for name in names])
        narrowed = _narrow(schema) if narrow else schema
        for part in self.parts():
            yield self._rows(part, schema).cast(narrowed)

    def _check(self, columns: Sequence[str] | None) -> None:
        names = self.schema().names
        if missing := [name for name in columns or () if name not in names]:
            raise UserError(f"{self.folder} has no column {missing[0]}; it has {', '.join(names)}.")

    def _rows(self, part: Part, schema: "pa.Schema") -> "pa.Table":
        import pyarrow.dataset as ds

        with unreadable(self.path(part), HINT):
            return ds.dataset(self.path(part), schema=schema, format="parquet").to_table()

    def _file(self, part: Part) -> Any:
        import pyarrow.parquet as pq

        with unreadable(self.path(part), HINT):
            return pq.ParquetFile(self.path(part))


def read_all(files: Iterable[RowFiles], columns: Sequence[str] | None = None, narrow: bool = False) -> "pd.DataFrame":
    """Read the rows of several images as one table; see `RowFiles.read`. Columns that no image has are left out."""
    import pyarrow as pa

    tables = [pa.table({}), *(table for one in files for table in one.tables(columns, narrow))]
    whole = pa.concat_tables(tables, promote_options="permissive").unify_dictionaries()
    tables.clear()
    found: pd.DataFrame = whole.to_pandas(split_blocks=True, self_destruct=True)
    pa.default_memory_pool().release_unused()
    return found


def _narrow(schema: "pa.Schema") -> "pa.Schema":
    import pyarrow as pa

    def narrow(kind: Any) -> Any:
        if pa.types.is_floating(kind):
            return pa.float32()
        if pa.types.is_integer(kind):
            return pa.int32()
        is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
        return pa.dictionary(pa.int32(), pa.string()) if is_text else kind

    return pa.schema([(field.name, narrow(field.type)) for field in schema])
