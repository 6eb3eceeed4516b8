"""What a person should know of a movie that was followed, in sentences."""

from typing import TYPE_CHECKING

import numpy as np

from particleforge.measurement.arrays import Floats
from particleforge.measurement.tracking.movies import Movie
from particleforge.measurement.tracking.params import TrackParams
from particleforge.wording import plural

if TYPE_CHECKING:
    import pandas as pd

LONG, MANY = 0.7, 0.02
"""If more than this share of the links is longer than this part of the longest step, it may be too short."""
UNLIKE = 0.5
"""Below this correlation, particles hardly resemble those they are compared with."""


def remarks_on(
    movie: Movie,
    table: "pd.DataFrame",
    places: Floats,
    cutoff_px: float,
    alike: Floats,
    rates: int,
    params: TrackParams,
) -> tuple[str, ...]:
    """State what limits the use of tracks and rates.

    Parameters
    ----------
    movie
        The movie.
    table
        Its particles, frame by frame, with their tracks.
    places
        (n, 2) their places in px, without the drift.
    cutoff_px
        Longest distance of a link.
    alike
        (n,) correlation of each frame with the one it was compared with; NaN where there was none.
    rates
        Number of particles with a rate.
    params
        How they were followed.
    """
    return tuple(
        filter(
            None,
            [
                ""
                if movie.unit == "s"
                else "The time between frames is not known, so growth is given per frame; --interval-s sets it.",
                _on_gaps(movie),
                _on_links(table["track"].to_numpy(np.int64), places, cutoff_px),
                _on_drift(alike) if params.drift else "",
                ""
                if rates
                else f"No particle is seen whole in {params.least_frames} frames or more, so there is no growth rate.",
            ],
        )
    )


def _on_gaps(movie: Movie) -> str:
    missing = max(movie.images) - min(movie.images) + 1 - len(movie.images)
    return f"{plural(missing, 'frame')} could not be used and counts as a gap." if missing else ""


def _on_links(tracks: "np.ndarray", places: Floats, cutoff_px: float) -> str:
    order = np.argsort(tracks, kind="stable")
    steps = np.linalg.norm(np.diff(places[order], axis=0), axis=1)[np.diff(tracks[order]) == 0]
    if not len(steps):
        return "No particle could be linked to the next frame; is the longest step (--cutoff) too short?"
    share = float(np.mean(steps > LONG * cutoff_px))
    if share <= MANY:
        return ""
    return (
        f"{100 * share:.0f} % of the links are nearly as long as the longest step, {cutoff_px:.3g} px: particles that "
        "move further are lost. Subtract the drift (--drift), allow longer steps (--cutoff), or record more frames."
    )


def _on_drift(alike: Floats) -> str:
    known = alike[~np.isnan(alike)]
    few = int((known < UNLIKE).sum())
    if not len(known):
        return "The drift could not be measured: no two frames show particles."
    if not few:
        return ""
    return (
        f"In {plural(few, 'frame')} the particles hardly resemble those they were compared with for the drift "
        f"(correlation below {UNLIKE:g}); check the drift in growth.csv."
    )
