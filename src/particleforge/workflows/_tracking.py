"""Follow the particles of all movies in a folder of results, which the caller has locked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from particleforge.errors import UserError
from particleforge.measurement.followed_files import GROWTH, TRACKS
from particleforge.measurement.results import Measurement
from particleforge.measurement.results_folder import ResultsFolder
from particleforge.measurement.statistics.bootstrap import Precision
from particleforge.measurement.tracking.movies import movies_of
from particleforge.measurement.tracking.params import TrackParams
from particleforge.step import Progress, Step, part
from particleforge.store.csv_text import csv_rows
from particleforge.store.files import atomic_write

if TYPE_CHECKING:
    import pandas as pd

    from particleforge.measurement.tracking.followed import Followed

_GIVEN = ("track", "specimen_x_px", "specimen_y_px", "specimen_x_nm", "specimen_y_nm")
"""Columns that only following gives."""
_MEASURED, _FOLLOWED = 0.99, 0.9


def then_followed(measuring: Step[Measurement], folder: ResultsFolder, follow: bool) -> Step[Measurement]:
    """Measure, then follow the particles of movies if this is wanted; errors as for both."""
    if not follow:
        return (yield from measuring)
    measured = yield from part(measuring, 0, _MEASURED)
    yield from part(follow_movies(folder, TrackParams()), _MEASURED, 1)
    return measured


def follow_movies(folder: ResultsFolder, params: TrackParams) -> Step[dict[str, Followed]]:
    """Follow the particles of all movies; write tracks, growth curves and a report, and add the tracks to the tables.

    Returns
    -------
    dict
        Each movie that could be followed, by its name.

    Raises
    ------
    UserError
        If the results are not complete, hold no movie that can be followed, or the disk is full or not writable.
    """
    from particleforge.measurement.report.growth import write_growth
    from particleforge.measurement.tracking.followed import follow

    if not folder.complete:
        raise UserError(f"The measurement in {folder.path} is not complete.", "Run its command again to continue it.")
    if folder.many:
        raise UserError(
            f"{folder.path} holds images with more than a million particles, which are not followed.",
            "Measure the movies in a folder of their own.",
        )
    movies, refused = movies_of(folder, params.frames, params.interval_s)
    precision = Precision.parse(folder.provenance.get("params", {}).get("precision", {}))
    table = folder.table().drop(columns=list(_GIVEN), errors="ignore")
    needed, mask = _needed(table, folder.rules.size), partial(_mask, folder)
    found: dict[str, Followed] = {}
    tracks, share = 0, _FOLLOWED / len(movies)
    for number, (name, movie) in enumerate(movies.items()):
        step = follow(movie, needed, mask, folder.rules, precision, params)
        one = yield from part(step, share * number, share * (number + 1))
        found[name] = _numbered(one, tracks)
        tracks += len(one.tracks)
    yield Progress(_FOLLOWED, 1, "Writing tables and report")
    _write(folder.path / TRACKS, [one.tracks for one in found.values()])
    _write(folder.path / GROWTH, [one.frames for one in found.values()])
    write_growth(folder, found, refused, params, precision)
    folder.follow(_with_tracks(table, found), _plain(found, refused, params))
    return found


def _needed(table: pd.DataFrame, size: str) -> pd.DataFrame:
    """Columns that are needed to follow particles, as tables of movies are long."""
    names = ("image", "x_px", "y_px", "ecd_px", f"{size}_px", f"{size}_nm", "weight", "touches_border")
    return table[[name for name in dict.fromkeys(names) if name in table]]


def _mask(folder: ResultsFolder, name: str) -> npt.NDArray[np.bool_]:
    return np.asarray(folder.labels(name) > 0)


def _numbered(one: Followed, before: int) -> Followed:
    """Count the tracks of a movie on from those of the movies before."""
    return replace(
        one,
        table=one.table.assign(track=one.table["track"] + before),
        tracks=one.tracks.assign(track=one.tracks["track"] + before),
    )


def _with_tracks(table: pd.DataFrame, found: Mapping[str, Followed]) -> pd.DataFrame:
    """Add what is known of the particles that were followed to the table of all."""
    import pandas as pd

    given = ("frame", "time_s", *_GIVEN)
    added = pd.concat([one.table[[name for name in given if name in one.table]] for one in found.values()])
    columns = {
        name: added[name].combine_first(table[name]) if name in table else added[name].reindex(table.index)
        for name in map(str, added)
    }
    return table.assign(**columns)


def _plain(found: Mapping[str, Followed], refused: Mapping[str, str], params: TrackParams) -> dict[str, Any]:
    """Plain data of each movie, for the summary."""
    entries = {
        name: {
            "frames": len(one.frames),
            "tracks": len(one.tracks),
            "cutoff_px": one.cutoff_px,
            "rate_unit": one.movie.rate_unit,
            "rates": asdict(one.rates),
            "params": params.model_dump(mode="json"),
            "remarks": list(one.remarks),
        }
        for name, one in found.items()
    }
    return {**entries, **{name: {"failed": reason} for name, reason in refused.items()}}


def _write(path: Path, parts: list[pd.DataFrame]) -> None:
    """Write a table of all movies."""
    import pandas as pd

    table = pd.concat(parts, ignore_index=True)
    with atomic_write(path) as temporary:
        text = csv_rows([str(name) for name in table], table.itertuples(index=False, name=None))
        temporary.write_text(text, encoding="utf-8", newline="")
