"""Follow the particles of one movie, and describe how they grow."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from particleforge.lengths_px import length_px
from particleforge.measurement.arrays import Floats
from particleforge.measurement.rules import Rules
from particleforge.measurement.statistics.bootstrap import Precision
from particleforge.measurement.tracking.curves import frame_figures
from particleforge.measurement.tracking.drift import drifts
from particleforge.measurement.tracking.linking import Linker
from particleforge.measurement.tracking.movies import Movie
from particleforge.measurement.tracking.params import TrackParams
from particleforge.measurement.tracking.rates import Rates, fitted
from particleforge.measurement.tracking.remarks import remarks_on
from particleforge.measurement.tracking.spacing import longest_step_px
from particleforge.step import Progress, Step, part
from particleforge.wording import plural

if TYPE_CHECKING:
    import pandas as pd

Masks = Callable[[str], npt.NDArray[np.bool_]]
_DRIFT_PART = 0.7


@dataclass(frozen=True, eq=False)
class Followed:
    """A movie with its particles linked over the frames.

    Parameters
    ----------
    movie
        The movie.
    table
        Its particles with ``frame``, ``track``, ``time_s`` if known, and their place in the specimen if the drift was
        measured.
    frames
        A row for each frame: the columns of ``growth.csv``.
    tracks
        A row for each track: the columns of ``tracks.csv``.
    rates
        Growth rates.
    cutoff_px
        Longest distance of a link.
    remarks
        What a person should know before using it, in sentences.
    """

    movie: Movie
    table: "pd.DataFrame"
    frames: "pd.DataFrame"
    tracks: "pd.DataFrame"
    rates: Rates
    cutoff_px: float
    remarks: tuple[str, ...]

    @property
    def rate_column(self) -> str:
        """Column of `tracks` with the growth rates."""
        return f"rate_{_per(self.movie)}"


def follow(
    movie: Movie, particles: "pd.DataFrame", masks: Masks, rules: Rules, precision: Precision, params: TrackParams
) -> Step[Followed]:
    """Link the particles of a movie, and describe their growth.

    Parameters
    ----------
    movie
        The movie.
    particles
        Those of all images of the results.
    masks
        Returns the pixels of an image, given by name, that show particles.
    rules
        The rules with which they were measured.
    precision
        Precision of the intervals.
    params
        How to follow them.

    Raises
    ------
    UserError
        If the longest step is given in nm but the pixel size is not known.
    """
    table = _in_order(movie, particles)
    drift, alike = yield from part(_drift(movie, masks, params), 0, _DRIFT_PART)
    frames = table["frame"].to_numpy(np.int64)
    places = table[["x_px", "y_px"]].to_numpy(float) - drift[np.searchsorted(list(movie.images), frames)]
    diameters = table["ecd_px"].to_numpy(float)
    if params.cutoff is not None:
        cutoff = length_px(params.cutoff, movie.pixel_size_nm, "A longest step")
    else:
        cutoff = longest_step_px(frames, places, diameters)
    tracks = Linker(cutoff, params.memory, params.size_weight)(frames, places, diameters)
    table = table.assign(track=tracks, **(_in_specimen(movie, places) if params.drift else {}))
    curve = yield from part(_curve(movie, table, rules, precision), _DRIFT_PART, 1)
    curve = curve.assign(drift_x_px=drift[:, 0], drift_y_px=drift[:, 1]) if params.drift else curve
    lines = _lines(movie, table, rules, params.least_frames)
    rates = Rates.of(lines, precision)
    remarks = remarks_on(movie, table, places, cutoff, alike, rates.count, params)
    return Followed(movie, table, curve, _tracks(movie, table, lines), rates, cutoff, remarks)


def _in_order(movie: Movie, particles: "pd.DataFrame") -> "pd.DataFrame":
    """Particles of a movie, frame by frame, with the number and the time of the frame."""
    numbers = {image: frame for frame, image in movie.images.items()}
    table = particles[particles["image"].isin(list(numbers))]
    table = table.assign(frame=table["image"].map(numbers).astype(np.int64)).sort_values("frame", kind="stable")
    if movie.unit == "frame":
        return table
    return table.assign(time_s=movie.times[np.searchsorted(list(movie.images), table["frame"])])


def _drift(movie: Movie, masks: Masks, params: TrackParams) -> Step[tuple[Floats, Floats]]:
    """(n, 2) drift of each frame, and (n,) how well it fits to the one it was compared with; none unless asked for."""
    total = len(movie.images)
    drift, alike = np.zeros((total, 2)), np.full(total, np.nan)
    reads = [partial(masks, image) for image in movie.images.values()]
    for number, found in enumerate(drifts(reads) if params.drift else ()):
        drift[number], alike[number] = found
        yield Progress(number + 1, total, f"{movie.name}: drift of frame {number + 1} of {total}")
    return drift, alike


def _in_specimen(movie: Movie, places: Floats) -> dict[str, Any]:
    """Columns of the places without the drift."""
    x, y = places.T
    size = movie.pixel_size_nm
    found = {"specimen_x_px": x, "specimen_y_px": y}
    return found if size is None else found | {"specimen_x_nm": x * size, "specimen_y_nm": y * size}


def _curve(movie: Movie, table: "pd.DataFrame", rules: Rules, precision: Precision) -> Step["pd.DataFrame"]:
    """Figures of each frame."""
    import pandas as pd

    unit, total, size = movie.length_unit, len(movie.images), movie.pixel_size_nm
    density, area = ("px2", float(movie.area_px)) if size is None else ("um2", movie.area_px * (size / 1e3) ** 2)
    rows, groups = [], dict(list(table.groupby("frame")))
    for number, (frame, image) in enumerate(movie.images.items()):
        found = frame_figures(groups.get(frame, table[:0]), rules, unit, precision)
        row: dict[str, Any] = {"movie": movie.name, "frame": frame, "image": image}
        row |= {"time_s": movie.times[number]} if movie.unit == "s" else {}
        row |= {name: value for name, value in found.items() if name.startswith(("count", "number"))}
        row |= {f"number_per_{density}{end}": found[f"number{end}"] / area for end in ("", "_low", "_high")}
        row |= {f"{name}_{unit}": value for name, value in found.items() if "mean" in name}
        rows.append(row)
        yield Progress(number + 1, total, f"{movie.name}: {plural(int(found['count']), 'particle')} in frame {frame}")
    return pd.DataFrame(rows)


def _lines(movie: Movie, table: "pd.DataFrame", rules: Rules, least: int) -> "pd.DataFrame":
    """Fit a line to the sizes of each particle where it is seen whole."""
    whole = table[(table["weight"] > 0) & ~table["touches_border"].astype(bool)]
    times = movie.times[np.searchsorted(list(movie.images), whole["frame"])]
    return fitted(whole.assign(time=times), f"{rules.size}_{movie.length_unit}", least)


def _tracks(movie: Movie, table: "pd.DataFrame", lines: "pd.DataFrame") -> "pd.DataFrame":
    """Describe each track: when and where it is seen, and its growth rate."""
    groups = table.groupby("track")
    places = [name for name in ("specimen_x_px", "specimen_y_px") if name in table] or ["x_px", "y_px"]
    frames = groups["frame"].agg(first_frame="min", last_frame="max", frames="count")
    found: pd.DataFrame = frames.join(groups[places].first()).join(lines.drop(columns="time_spread"))
    per = _per(movie)
    named = {"rate": f"rate_{per}", "rate_error": f"rate_error_{per}", "residual": f"residual_{movie.length_unit}"}
    found = found.rename(columns=named).reset_index().assign(fitted=found["fitted"].fillna(0).to_numpy(np.int64))
    return found.assign(movie=movie.name)[["movie", *found.columns]]


def _per(movie: Movie) -> str:
    """Name the unit of rates as in columns."""
    return f"{movie.length_unit}_per_{movie.unit}"
