"""Files of results on the particles of movies that were followed."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from particleforge.measurement.columns import arranged
from particleforge.measurement.table_file import csv_text
from particleforge.store.files import atomic_write

if TYPE_CHECKING:
    import pandas as pd

TRACKS, GROWTH = "tracks.csv", "growth.csv"
GROWTH_REPORTS = ("growth.html", "growth.pdf")
AGAIN = "Particles were measured again since they were followed: follow them again (track)."


def write_followed(csv: Path, parquet: Path, table: "pd.DataFrame") -> None:
    """Write particles with their tracks in place of what is there.

    Raises
    ------
    UserError
        If the disk is full or not writable.
    """
    ordered = table[arranged(map(str, table))]
    with atomic_write(csv) as temporary:
        temporary.write_text(csv_text(ordered), encoding="utf-8", newline="")
    with atomic_write(parquet) as temporary:
        ordered.to_parquet(temporary, index=False)


def forget_movies(folder: Path, summary: dict[str, Any]) -> None:
    """Remove what is known of movies, as particles change, with a remark; nothing if they were not followed."""
    if summary.pop("movies", None):
        summary["remarks"] = [*summary["remarks"], AGAIN]
        for name in (TRACKS, GROWTH, *GROWTH_REPORTS):
            (folder / name).unlink(missing_ok=True)
