"""Draws the sizes of groups on a figure of matplotlib. No Qt here: a thread draws, and files are drawn alike."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from particleforge.measurement.arrays import Floats
from particleforge.measurement.figures import BARS, log_ticks
from particleforge.measurement.groups import Group
from particleforge.measurement.report.comparison import COLOURS
from particleforge.measurement.report.plots import draw_cumulative
from particleforge.measurement.statistics.density import LOG_FROM_RATIO, Smoother, bins
from particleforge.widgets.bench.sizes.shown import Shown, Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Kind: TypeAlias = Literal["histogram", "cumulative", "values"]
Weighting: TypeAlias = Literal["number", "volume"]
HIGHLIGHT, DENSITY = "#F0C419", "#009E73"
TEXT_PT, SMALL_PT = 9.0, 8.0
_DASHES = ("-", (0, (4, 1.5)), (0, (1, 1)), (0, (4, 1, 1, 1)))
_MOST_NAMED = 8


@dataclass(frozen=True)
class Look:
    """How sizes are drawn.

    Parameters
    ----------
    kind
        Bars or curves of the distribution, the share that is smaller, or a figure over the values of groups.
    weighting
        Whether particles count by number or by volume.
    ink
        Colour of text and lines.
    """

    kind: Kind = "histogram"
    weighting: Weighting = "number"
    ink: str = "#222222"


@dataclass(frozen=True)
class Bar:
    """An interval of sizes that a click selects: its ends in the unit shown, the largest size included in the last."""

    low: float
    high: float
    last: bool


def colours(count: int, ink: str) -> list[str]:
    """Return a colour for each group, legible on the ground that the ink is legible on."""
    every = [*COLOURS[:-1], ink]
    return [every[number % len(every)] for number in range(count)]


def draw(
    figure: Figure,
    shown: Shown,
    summary: Summary | None,
    look: Look,
    selected: Mapping[str, Collection[int]] | None = None,
) -> tuple[Axes, list[Bar]]:
    """Draw what is shown on an empty figure.

    Parameters
    ----------
    figure
        Of any size.
    shown
        The groups.
    summary
        Their intervals; None if they are not known yet.
    look
        How they are drawn.
    selected
        Labels by name of the image, whose share of the bars is highlighted.

    Returns
    -------
    axes, bars
        The axes, and what can be clicked in them.
    """
    axes = figure.add_subplot(facecolor="none")
    bars: list[Bar] = []
    if not shown.drawn:
        axes.set_axis_off()
        axes.text(0.5, 0.5, "No particles to show", ha="center", va="center", fontsize=TEXT_PT, color=look.ink)
        return axes, bars
    if look.kind == "values" and shown.values:
        _draw_values(axes, shown, summary, look)
    elif look.kind == "cumulative":
        _draw_cumulative(axes, shown, look)
    elif len(shown.drawn) == 1:
        bars = _draw_bars(axes, shown, look, selected or {})
    else:
        bars = _draw_densities(axes, shown, summary, look)
    _finish(axes, look.ink)
    return axes, bars


def _shares(group: Group, weighting: Weighting) -> Floats:
    """(n,) how much each particle counts, adding up to 100 %."""
    sizes = group.sizes
    shares = sizes.weights * (sizes.values / sizes.values[-1]) ** (3 if weighting == "volume" else 0)
    return np.asarray(100 * shares / shares.sum(), float)


def _edges(shown: Shown) -> tuple[Floats, bool]:
    """Edges of bins that all groups share, in the unit shown, and whether they are logarithmic."""
    values = np.sort(np.concatenate([group.sizes.values for group in shown.drawn])) * shown.scale.factor
    logarithmic = bool(values[-1] > LOG_FROM_RATIO * values[0])
    return bins(values, logarithmic), logarithmic


def _draw_bars(axes: Axes, shown: Shown, look: Look, selected: Mapping[str, Collection[int]]) -> list[Bar]:
    """Histogram and density of one group; the selected part of each bar is highlighted."""
    group, (edges, logarithmic) = shown.drawn[0], _edges(shown)
    values, shares = group.sizes.values * shown.scale.factor, _shares(group, look.weighting)
    widths = np.diff(edges)
    style: dict[str, Any] = {"align": "edge", "edgecolor": "white", "linewidth": 0.5}
    heights = np.histogram(values, edges, weights=shares)[0]
    axes.bar(edges[:-1], heights, widths, color=BARS, label="particles", **style)
    chosen = _selected_part(group, shown, edges, look.weighting, selected)
    if chosen.any():
        axes.bar(edges[:-1], chosen, widths, color=HIGHLIGHT, label="selected", **style)
    x, density = _density(group, shown, shares)
    if len(x):
        per_bar = np.log(edges[1] / edges[0]) if logarithmic else (edges[1] - edges[0]) / x
        axes.plot(x, density * per_bar, color=DENSITY, lw=1.6, label="smoothed")
    if logarithmic:
        log_ticks(axes, float(edges[0]), float(edges[-1]))
    margin = (edges[-1] / edges[0]) ** 0.04 if logarithmic else 0.04 * (edges[-1] - edges[0])
    axes.set_xlim(
        *((edges[0] / margin, edges[-1] * margin) if logarithmic else (edges[0] - margin, edges[-1] + margin))
    )
    _title_axes(axes, shown, f"Share of the particles by {look.weighting} (%)")
    _legend(axes, look.ink)
    return _bars(edges)


def _bars(edges: Floats) -> list[Bar]:
    pairs = list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))
    return [Bar(low, high, place == len(pairs) - 1) for place, (low, high) in enumerate(pairs)]


def _selected_part(
    group: Group, shown: Shown, edges: Floats, weighting: Weighting, selected: Mapping[str, Collection[int]]
) -> Floats:
    """Heights of the selected part of each bar."""
    table = group.table
    table = table[table["weight"] > 0]
    inside = np.zeros(len(table), bool)
    for image, ids in selected.items():
        inside |= (table["image"] == image).to_numpy() & table["label"].isin(list(ids)).to_numpy()
    if not inside.any():
        return np.zeros(len(edges) - 1)
    sizes = table[f"{shown.rules.size}_{group.sizes.unit}"].to_numpy(float)
    shares = table["weight"].to_numpy(float) * sizes ** (3 if weighting == "volume" else 0)
    parts = 100 * shares / shares.sum()
    return np.histogram(sizes[inside] * shown.scale.factor, edges, weights=parts[inside])[0]


def _density(group: Group, shown: Shown, shares: Floats) -> tuple[Floats, Floats]:
    """Sizes in the unit shown, and density of ln d in percent; empty if all sizes are equal."""
    smoother = Smoother.of(group.sizes)
    if smoother is None:
        return np.zeros(0), np.zeros(0)
    density = 100 * smoother.density(group.sizes.values, shares[None])[:, 0]
    return np.exp(smoother.centres) * shown.scale.factor, density


def _draw_densities(axes: Axes, shown: Shown, summary: Summary | None, look: Look) -> list[Bar]:
    """Smoothed curves of several groups, with the geometric mean of each and its interval above them."""
    edges, logarithmic = _edges(shown)
    drawn, highest = shown.drawn, 0.0
    shades = _shades(shown, look.ink)
    for number, group in enumerate(drawn):
        x, density = _density(group, shown, _shares(group, look.weighting))
        per_bar = density * np.log(1.1)
        style = _DASHES[number // len(COLOURS) % len(_DASHES)]
        label = f"{group.name} ({len(group.sizes)})"
        axes.plot(x, per_bar, color=shades[group.name], lw=1.6, ls=style, label=label)
        highest = max(highest, float(per_bar.max(initial=0)))
    if summary is not None and look.weighting == "number":
        _draw_means(axes, shown, summary, shades, highest)
    if logarithmic:
        log_ticks(axes, float(edges[0]), float(edges[-1]))
    _title_axes(axes, shown, f"By {look.weighting}, % per 10 % of size")
    axes.set_ylim(0, None)
    _legend(axes, look.ink)
    return _bars(edges)


def _draw_means(axes: Axes, shown: Shown, summary: Summary, shades: Mapping[str, str], highest: float) -> None:
    """Geometric means with their intervals, one line each above the curves."""
    step = 0.06 * highest
    for number, group in enumerate(shown.drawn):
        one = shown.scale.estimate(summary.figures[group.name]["geometric_mean"])
        if one.value is None or not highest:
            continue
        height = highest + (len(shown.drawn) - number) * step
        limits = None if one.low is None or one.high is None else [[one.value - one.low], [one.high - one.value]]
        axes.errorbar(one.value, height, xerr=limits, fmt="o", ms=4, color=shades[group.name], capsize=2.5, lw=1.4)


def _draw_cumulative(axes: Axes, shown: Shown, look: Look) -> None:
    """Share of the particles that is smaller, one curve for each group."""
    shades, drawn = _shades(shown, look.ink), shown.drawn
    for number, group in enumerate(drawn):
        style: dict[str, Any] = {"ls": _DASHES[number // len(COLOURS) % len(_DASHES)]}
        values = group.sizes.values * shown.scale.factor
        label = f"{group.name} ({len(group.sizes)})"
        draw_cumulative(axes, values, _shares(group, look.weighting), label=label, color=shades[group.name], **style)
    axes.set(ylim=(0, 102), yticks=[0, 10, 25, 50, 75, 90, 100])
    axes.grid(axis="y", lw=0.3, color=look.ink, alpha=0.3)
    _, logarithmic = _edges(shown)
    ends = [group.sizes.values[place] * shown.scale.factor for group in drawn for place in (0, -1)]
    if logarithmic:
        log_ticks(axes, float(min(ends)), float(max(ends)))
    _title_axes(axes, shown, f"Smaller, by {look.weighting} (%)")
    _legend(axes, look.ink)


def _draw_values(axes: Axes, shown: Shown, summary: Summary | None, look: Look) -> None:
    """Geometric means with their intervals over the values of the groups."""
    shades = _shades(shown, look.ink)
    points = []
    for name, number in shown.values.items():
        group = next(one for one in shown.drawn if one.name == name)
        known = None if summary is None else summary.figures[name]["geometric_mean"]
        middle = float(np.exp(np.average(np.log(group.sizes.values), weights=group.sizes.weights)))
        points.append((number.value, middle * shown.scale.factor))
        one = None if known is None else shown.scale.estimate(known)
        if one is not None and one.value is not None and one.low is not None and one.high is not None:
            limits = [[one.value - one.low], [one.high - one.value]]
            axes.errorbar(number.value, one.value, yerr=limits, color=shades[name], capsize=3, lw=1.4)
        axes.plot(number.value, points[-1][1], "o", ms=5, color=shades[name])
    x, y = np.array(points).T
    axes.plot(x, y, color=look.ink, lw=0.8, alpha=0.6, zorder=0, label="geometric mean, 95 % interval")
    unit = next(iter(shown.values.values())).unit
    axes.set_xlabel(f"Group ({unit})" if unit else "Group", fontsize=TEXT_PT)
    axes.set_ylabel(f"Geometric mean ({shown.scale.sign})", fontsize=TEXT_PT)
    _legend(axes, look.ink)


def _shades(shown: Shown, ink: str) -> dict[str, str]:
    return dict(zip(shown.names, colours(len(shown.groups), ink), strict=True))


def _title_axes(axes: Axes, shown: Shown, y: str) -> None:
    axes.set_xlabel(shown.size_title, fontsize=TEXT_PT)
    axes.set_ylabel(y, fontsize=TEXT_PT)


def _legend(axes: Axes, ink: str) -> None:
    """Name the lines above the plot, where they hide nothing; many groups are named in the table only."""
    _, names = axes.get_legend_handles_labels()
    if 0 < len(names) <= _MOST_NAMED:
        columns = 3 if max(map(len, names)) < 16 else 2
        axes.legend(
            frameon=False,
            fontsize=SMALL_PT,
            loc="lower left",
            bbox_to_anchor=(-0.02, 1.0),
            ncols=columns,
            handlelength=1.4,
            columnspacing=1.2,
            borderaxespad=0.1,
            labelcolor=ink,
        )


def _finish(axes: Axes, ink: str) -> None:
    """Draw text and lines in ink."""
    axes.spines[["top", "right"]].set_visible(False)
    for side in axes.spines.values():
        side.set_color(ink)
    axes.tick_params(which="both", labelsize=SMALL_PT, color=ink, labelcolor=ink)
    for text in (axes.xaxis.label, axes.yaxis.label):
        text.set_color(ink)
