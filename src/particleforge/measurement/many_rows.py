"""Tables of millions of particles: only what summaries and reports need is in memory."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from particleforge.measurement.columns import SIZES, by_table_name
from particleforge.measurement.results_folder import MOST_IN_CSV, PARQUET, ROWS, TABLE, ResultsFolder
from particleforge.measurement.rules import Rules
from particleforge.measurement.table_file import read_table
from particleforge.store.row_files import RowFiles, read_all

if TYPE_CHECKING:
    import pandas as pd

MANY = 100_000
"""Of more rows, only some columns are read."""
USED = (
    *("image", "weight", "touches_border", "excluded", "class", "pieces", "largest_piece"),
    *("aspect_ratio", "circularity", "roundness", "solidity", "convexity"),
)
"""Columns that summaries and reports need, apart from sizes."""
JOINED = ("aggregate", "volume_px3", "volume_nm3", "mass_fg")
"""Columns that the degree of aggregation follows from."""
SIZES_USED = ("ecd", "feret_min", "feret_max")
"""Sizes that they need, apart from the chosen one."""
BOX = ("box_height_px", "box_width_px")
"""What the effect of a border rule is estimated from."""


def read_used(files: Sequence[RowFiles], rules: Rules, aggregated: bool) -> "pd.DataFrame":
    """Read the particles of several images: of many only the columns that summaries and reports need, as float32.

    Parameters
    ----------
    files
        Their rows.
    rules
        The rules with which they were measured.
    aggregated
        Whether the degree of aggregation is needed.

    Raises
    ------
    UserError
        If a file is damaged.
    """
    if sum(map(len, files)) <= MANY:
        return read_all(files)
    used = {*USED, *(name for size in (rules.size, *SIZES_USED) for name in SIZES[size].names)}
    used |= set(JOINED) if aggregated else set()
    used |= set(BOX) if rules.border.effect == "estimated" else set()
    return read_all(files, sorted(used), narrow=True)


def gather(folder: ResultsFolder) -> list[RowFiles]:
    """If an image has too many rows for the table of all images, put those of the others into files of rows as well.

    Returns
    -------
    list of RowFiles
        The particles of all images; empty if they are in one table.

    Raises
    ------
    UserError
        If the disk is full or not writable.
    """
    if folder.many and (folder.path / TABLE).is_file():
        table = read_table(folder.path / TABLE)
        text = [name for name, column in by_table_name().items() if column.dimension == "text" and name in table]
        for name, rows in table.astype(dict.fromkeys(text, object)).groupby("image"):
            folder.rows(str(name)).write((0,), rows)
        folder.remark(
            f"With more than {MOST_IN_CSV} particles in an image, there is no {TABLE}: the particles are in {ROWS}/ as "
            "Parquet files, which pandas.read_parquet reads as one table."
        )
        for file in (TABLE, PARQUET):
            (folder.path / file).unlink(missing_ok=True)
    return folder.many
