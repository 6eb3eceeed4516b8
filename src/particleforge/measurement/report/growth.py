"""The report of movies whose particles were followed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from particleforge.measurement.columns import SIZES
from particleforge.measurement.figures import BARS
from particleforge.measurement.followed_files import GROWTH_REPORTS
from particleforge.measurement.numbers import digits
from particleforge.measurement.picture import INK, TEXT_PT
from particleforge.measurement.report.content import Content, Plot, as_yaml, cell
from particleforge.measurement.report.plots import NUMBER, VOLUME, blank, finish, laid_out, legend_below, svg
from particleforge.measurement.report.scale import Scale
from particleforge.measurement.report.table import Table
from particleforge.measurement.report.write import write_pages
from particleforge.measurement.results_folder import ResultsFolder
from particleforge.measurement.statistics.bootstrap import Precision
from particleforge.measurement.statistics.describe import Estimate
from particleforge.measurement.tracking.drift import COMPARED, PART
from particleforge.wording import plural

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from particleforge.measurement.tracking.followed import Followed
    from particleforge.measurement.tracking.params import TrackParams

MOST_LINES, MOST_ROWS = 80, 40
_CAPTION = (
    "Mean sizes and number per area of each frame with intervals of sampling; sizes of single particles, at most "
    f"{MOST_LINES} of those seen longest; and their growth rates, with the median and its interval."
)
_FRAMES = (
    "Intervals of a frame are those of sampling: how far its figures may be from those of the whole specimen at that "
    "time. Successive frames show the same particles, so they share this error: a curve may lie too high or too low "
    "as a whole, while its slope is known better than the bands suggest."
)
_RATES = (
    "A rate is the slope of a straight line fitted to the sizes of a particle by least squares; its standard error is "
    "from the residuals. The median counts each rate by how well the times of its particle determine a slope; its "
    "interval is from resampling whole tracks. Errors that all particles share, such as outlines that are always too "
    "wide or a wrong pixel size, are not in it."
)


def write_growth(
    folder: ResultsFolder,
    found: Mapping[str, Followed],
    refused: Mapping[str, str],
    params: TrackParams,
    precision: Precision,
) -> None:
    """Write ``growth.html`` and ``growth.pdf`` into a folder of results.

    Parameters
    ----------
    folder
        The results.
    found
        Movies that were followed, by name.
    refused
        Why others were not.
    params
        How they were followed.
    precision
        Precision of the intervals.

    Raises
    ------
    UserError
        If the disk is full or not writable.
    """
    several = len(found) > 1
    warnings = [f"{name}: {text}" if several else text for name, one in found.items() for text in one.remarks]
    report = Content(
        title=f"Growth: {folder.path.name}",
        headline=_headline(found),
        warnings=[*(f"{name} was not followed. {reason}" for name, reason in refused.items()), *warnings],
        tables=[*_tables(found)],
        rules=_choices(params, precision.confidence_percent),
        provenance=as_yaml({"command": "track", "params": params.model_dump(mode="json"), **folder.provenance}),
        plots=[
            Plot(svg(growth_figure(one, folder.rules.size)), f"{name}: {_CAPTION}" if several else _CAPTION)
            for name, one in found.items()
        ],
        methods=_methods(folder, params),
    )
    write_pages([folder.path / name for name in GROWTH_REPORTS], report)


def growth_figure(found: Followed, size: str) -> Figure:
    """Draw growth curves, number per area, sizes of single particles, and their growth rates.

    Parameters
    ----------
    found
        A movie.
    size
        Column used as the size.
    """
    fig, scale, unit = blank(5.6), _scale(found), found.movie.length_unit
    (means, number), (lines, rates) = fig.subplots(2, 2)
    title = f"{SIZES[size].title.capitalize()} ({scale.sign})"
    finish(means, "All particles", title)
    _band(means, found, "geometric_mean", f"_{unit}", scale.factor, color=NUMBER, label="geometric mean")
    _band(means, found, "mean", f"_{unit}", scale.factor, color=VOLUME, ls=(0, (4, 1.5)), label="arithmetic mean")
    per, area, factor = ("um2", "µm²", 1.0) if unit == "nm" else ("px2", "million px", 1e6)
    finish(number, "Number per area", f"Particles per {area}")
    _band(number, found, f"number_per_{per}", "", factor, color=NUMBER)
    number.set_ylim(bottom=0)
    finish(lines, "Single particles", title)
    _draw_particles(lines, found, f"{size}_{unit}", scale.factor)
    for axes in (means, number, lines):
        axes.set_xlabel("Time (s)" if found.movie.unit == "s" else "Frame", fontsize=TEXT_PT, color=INK)
    _draw_rates(rates, found)
    return laid_out(fig, legend_below(fig))


def _scale(found: Followed) -> Scale:
    """Choose the unit of lengths."""
    unit = found.movie.length_unit
    middle = found.frames[f"geometric_mean_{unit}"].median()
    return Scale.fitting(unit, None if np.isnan(middle) else float(middle))


def _band(axes: Axes, found: Followed, name: str, unit: str, factor: float, **style: Any) -> None:
    """Draw a figure of each frame, with its interval."""
    value, low, high = (found.frames[f"{name}{end}{unit}"].to_numpy(float) * factor for end in ("", "_low", "_high"))
    axes.fill_between(found.movie.times, low, high, color=style["color"], alpha=0.18, lw=0)
    axes.plot(found.movie.times, value, lw=1.4, **style)


def _draw_particles(axes: Axes, found: Followed, column: str, factor: float) -> None:
    """Draw the sizes of the particles that are seen longest."""
    longest = found.tracks.sort_values("frames", ascending=False, kind="stable")["track"][:MOST_LINES]
    table = found.table[found.table["track"].isin(longest) & (found.table["weight"] > 0)]
    numbers = list(found.movie.images)
    for _, own in table.groupby("track"):
        times = found.movie.times[np.searchsorted(numbers, own["frame"])]
        axes.plot(times, own[column].to_numpy(float) * factor, color=INK, lw=0.5, alpha=0.5)


def _draw_rates(axes: Axes, found: Followed) -> None:
    """Draw a histogram of the rates from the 1st to the 99th percentile, with the median."""
    finish(axes, "Growth rates", "Particles")
    axes.set_xlabel(f"Rate ({found.movie.rate_unit})", fontsize=TEXT_PT, color=INK)
    rates = found.tracks[found.rate_column].dropna().to_numpy(float)
    if not len(rates):
        axes.text(0.5, 0.5, "No rates", ha="center", va="center", fontsize=TEXT_PT, color=INK, transform=axes.transAxes)
        return
    low, high = np.quantile(rates, (0.01, 0.99))
    axes.hist(rates[(rates >= low) & (rates <= high)], bins="auto", color=BARS, edgecolor="white", linewidth=0.6)
    median = found.rates.median
    if median.low is not None and median.high is not None:
        axes.axvspan(median.low, median.high, color=VOLUME, alpha=0.25, lw=0)
    axes.axvline(median.value or 0.0, color=VOLUME, lw=1.2, label="median rate")


def _headline(found: Mapping[str, Followed]) -> list[tuple[str, str, str]]:
    """Growth rate of each movie with its interval."""
    lines = []
    for name, one in found.items():
        value, limits = one.rates.median.text
        title = f"Growth rate, {name}" if len(found) > 1 else "Growth rate"
        lines.append((title, f"{value} {one.movie.rate_unit}" if one.rates.count else "unknown", limits))
    return lines


def _tables(found: Mapping[str, Followed]) -> Iterator[Table]:
    """Return what was followed, the rates, and the figures of some frames."""
    head = ("Movie", "Frames", "Particles", "Tracks", "Median frames of a track", "Longest step (px)", "Drift (px)")
    yield Table("Movies", head, [(name, *_counts(one)) for name, one in found.items()])
    head = ("Movie", "Particles", "Median", "10 %", "90 %", "Typical standard error", "Unit")
    yield Table("Growth rates", head, [(name, *_rates(one)) for name, one in found.items()], _RATES)
    for name, one in found.items():
        yield _frame_table(f"Frames of {name}" if len(found) > 1 else "Frames", one)


def _counts(found: Followed) -> tuple[str, ...]:
    """Numbers of frames, particles and tracks, and how they were linked."""
    drift = found.frames.get("drift_x_px")
    moved = "-" if drift is None else f"{np.hypot(drift, found.frames['drift_y_px']).max():.1f}"
    lengths = found.tracks["frames"]
    middle = f"{lengths.median():.0f}" if len(lengths) else "-"
    return (str(len(found.frames)), str(len(found.table)), str(len(lengths)), middle, digits(found.cutoff_px), moved)


def _rates(found: Followed) -> tuple[str, ...]:
    """Rates of the population."""
    rates = found.rates
    figures = (cell(one) for one in (rates.median, rates.d10, rates.d90))
    return (str(rates.count), *figures, digits(rates.typical_error), found.movie.rate_unit)


def _frame_table(title: str, found: Followed) -> Table:
    """Figures of the frames, of some of them if there are many."""
    frames, unit, scale = found.frames, found.movie.length_unit, _scale(found)
    per, area, factor = ("um2", "µm²", 1.0) if unit == "nm" else ("px2", "million px", 1e6)
    step = -(-len(frames) // MOST_ROWS)
    rows = []
    for number in range(0, len(frames), step):
        row = frames.iloc[number]
        means = (_estimate(row, name, f"_{unit}", scale.factor) for name in ("geometric_mean", "mean"))
        density = _estimate(row, f"number_per_{per}", "", factor)
        time = digits(float(row["time_s"])) if "time_s" in frames else "-"
        rows.append((str(row["frame"]), time, str(row["counted"]), cell(density), *map(cell, means)))
    head = ("Frame", "Time (s)", "Counted", f"Per {area}", f"Geometric mean ({scale.sign})", f"Mean ({scale.sign})")
    note = "" if step == 1 else f"One frame in {step}; growth.csv holds all."
    return Table(title, head, rows, f"{_FRAMES} {note}".strip())


def _estimate(row: pd.Series[Any], name: str, unit: str, factor: float) -> Estimate:
    """Figure of a frame with its interval."""
    value, low, high = (float(row[f"{name}{end}{unit}"]) * factor for end in ("", "_low", "_high"))
    known = not np.isnan(low)
    return Estimate(None if np.isnan(value) else value, low if known else None, high if known else None)


def _choices(params: TrackParams, confidence: float) -> dict[str, str]:
    """All choices made, by name."""
    weight = f"; a change of size by a factor of 2.7 weighs {params.size_weight:g} times as much as the longest step"
    return {
        "Linking": f"least sum of squared steps{weight if params.size_weight else ''}; gaps of up to "
        f"{plural(params.memory, 'frame')} are bridged",
        "Longest step": params.cutoff or "half the distance between neighbours, at most two diameters",
        "Drift": f"measured by the cross-correlation of the particles, each frame compared with one up to {COMPARED} "
        f"frames before, to 1/{PART} px"
        if params.drift
        else "not measured",
        "Growth rates": f"of particles that are seen whole in at least {plural(params.least_frames, 'frame')}",
        "Intervals": f"{confidence:g} %",
    }


def _methods(folder: ResultsFolder, params: TrackParams) -> str:
    """Describe in sentences for a paper how particles were followed."""
    choices = _choices(params, 0)
    drift = f"The drift of the specimen was {choices['Drift']}." if params.drift else ""
    return " ".join(
        filter(
            None,
            [
                str(folder.summary.get("methods") or ""),
                f"Particles of successive frames were linked by linear assignment ({choices['Linking']}).",
                drift,
                f"Growth rates are slopes of straight lines fitted by least squares, {choices['Growth rates']}; the "
                "median was weighted by the spread of the times of each particle; its interval is from a bootstrap "
                "over particles.",
            ],
        )
    )
