"""Tables of many parts of images, one Parquet file per part, read as one table.

A file is written next to its place and renamed, so one that is there is complete, and what is missing is found by
listing files. Different parts may be written by different processes at the same time.
"""

from collections.abc import Iterator, Sequence
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

        Raises
        ------
        UserError
            If the disk is full or not writable.
        """
        new_part(self.folder, "")
        with atomic_write(self.path(part)) as temporary:
            table.to_parquet(temporary, index=False)

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
        schema = self._chosen(columns)
        for part in self.parts():
            yield self._rows(part, schema).to_pandas()

    def read(self, columns: Sequence[str] | None = None) -> "pd.DataFrame":
        """Read the rows of all parts as one table.

        Parameters
        ----------
        columns
            Only these; all if None. One that a part lacks is empty there.

        Raises
        ------
        UserError
            If no part has a column, or a file is damaged.
        """
        import pyarrow as pa

        schema = self._chosen(columns)
        tables = [self._rows(part, schema) for part in self.parts()]
        found: pd.DataFrame = pa.concat_tables([schema.empty_table(), *tables]).to_pandas(
            split_blocks=True, self_destruct=True
        )
        return found

    def _chosen(self, columns: Sequence[str] | None) -> "pa.Schema":
        import pyarrow as pa

        schema = self.schema()
        if columns is None:
            return schema
        if missing := [name for name in columns if name not in schema.names]:
            raise UserError(f"{self.folder} has no column {missing[0]}; it has {', '.join(schema.names)}.")
        return pa.schema([schema.field(name) for name in columns])

    def _rows(self, part: Part, schema: "pa.Schema") -> "pa.Table":
        import pyarrow.dataset as ds

        with unreadable(self.path(part), HINT):
            return ds.dataset(self.path(part), schema=schema, format="parquet").to_table()

    def _file(self, part: Part) -> Any:
        import pyarrow.parquet as pq

        with unreadable(self.path(part), HINT):
            return pq.ParquetFile(self.path(part))
