"""Follow the particles of movies that were measured, and describe how they grow."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from particleforge.measurement.followed_files import GROWTH_REPORTS
from particleforge.measurement.results import Measurement
from particleforge.measurement.results_folder import TABLE, ResultsFolder
from particleforge.measurement.tracking.params import TrackParams
from particleforge.measurement.tracking.words import movie_words
from particleforge.step import Step
from particleforge.store.run_folder import locked
from particleforge.verb import verb
from particleforge.workflows._tracking import follow_movies


def _report(measured: Measurement, _: Mapping[str, Any]) -> dict[str, Any]:
    movies = measured.summary["movies"]
    report = str(measured.out / GROWTH_REPORTS[0])
    return {"results": str(measured.out), "movies": movie_words(movies), "report": report, "summary": movies}


@verb(_report)
def track(results: Path | str, params: TrackParams = TrackParams()) -> Step[Measurement]:
    """Follow the particles of movies that were measured, and describe how they grow.

    Parameters
    ----------
    results
        Folder written by measure or sizes; of a project its folder results. The particles get the column track; tables
        of tracks and growth curves, and a report, are written next to their table. Those of an earlier call are
        replaced, so this can be repeated after particles were corrected and measured again.
    params
        How to follow them.

    Returns
    -------
    Measurement
        The results, with ``movies`` in the summary.

    Raises
    ------
    UserError
        If the folder holds no complete results, or no movie that can be followed. A single movie that cannot be
        followed does not stop the others; the reason stands in the summary.
    """
    folder = ResultsFolder.open(results)
    with locked(folder.path):
        yield from follow_movies(folder, params)
    return Measurement(folder.path, folder.path / TABLE, folder.summary)
