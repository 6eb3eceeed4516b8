"""Vector plots of a report, in colours that remain distinguishable to the colour-blind and in greyscale."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from particleforge.measurement.arrays import Floats, Ints
from particleforge.measurement.columns import SIZES
from particleforge.measurement.figures import draw_sizes, log_ticks
from particleforge.measurement.lettering import letter
from particleforge.measurement.measured import Measured
from particleforge.measurement.picture import INK, SMALL_PT, TEXT_PT
from particleforge.measurement.report.layout import place
from particleforge.measurement.report.scale import Scale
from particleforge.measurement.statistics.density import LOG_FROM_RATIO, Smoother
from particleforge.measurement.statistics.describe import Description
from particleforge.measurement.statistics.sizes import Sizes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NUMBER, VOLUME, KDE = "#0072B2", "#D55E00", "#009E73"
_WIDE_IN = 7.2
_MOST_POINTS = 5000
"""Curves of more particles are drawn through this number of points, which look the same."""
_LETTERS = 100
"""About as many letters of a legend fit into the width of a figure."""


def blank(height_in: float, width_in: float = _WIDE_IN) -> Figure:
    """Figure that does not touch the global state of matplotlib."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width_in, height_in), facecolor="white")


def distributions(sizes: Sizes, description: Description, measured: Measured) -> Figure:
    """Draw histogram with fit, density of ln d, cumulative curves and log-normal plot of at least one particle."""
    scale = Scale.of(description)
    values = sizes.values * scale.factor
    unit = {"µm": "um"}.get(scale.sign, scale.sign)
    label = f"{SIZES[measured.rules.size].title.capitalize()} ({scale.sign})"
    fig = blank(5.6)
    (bars, smooth), (cumulative, quantiles) = fig.subplots(2, 2)
    best = description.fits.best
    draw_sizes(bars, values, unit, sizes.weights, None if best is None else best.scaled(scale.factor))
    entitle(bars, "Number")
    _density(smooth, sizes, scale)
    _cumulative(cumulative, sizes, description, scale)
    _normal_plot(quantiles, sizes, scale)
    for axes in (bars, smooth, cumulative):
        axes.set_xlabel(label, fontsize=TEXT_PT, color=INK)
    return laid_out(fig)


def laid_out(fig: Figure, below_pt: float = 0.0) -> Figure:
    """Place the plots of a figure above what `legend_below` needs, and make all text legible."""
    letter(fig)
    place(fig, below_pt)
    return fig


def svg(fig: Figure) -> str:
    """Figure as an SVG element; text stays text, and equal figures give equal bytes."""
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    text = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "particleforge"}):
        FigureCanvasSVG(fig).print_svg(text, metadata={"Date": None})  # `savefig` would draw twice
    found = text.getvalue()
    return found[found.index("<svg") :]


def finish(axes: Axes, title: str, ylabel: str) -> None:
    """Set title, label and style of a plot."""
    entitle(axes, title)
    axes.set_ylabel(ylabel, fontsize=TEXT_PT, color=INK)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=SMALL_PT, color=INK, labelcolor=INK)


def entitle(axes: Axes, title: str) -> None:
    """Set the title of a plot."""
    axes.set_title(title, loc="left", y=1.0, fontsize=TEXT_PT, color=INK)


def legend(axes: Axes) -> None:
    """Add a legend without a frame."""
    axes.legend(frameon=False, fontsize=SMALL_PT, handlelength=1.8, loc="best")


def legend_below(fig: Figure) -> float:
    """Add one legend of all plots at the lower edge, in as many columns as its texts leave room for.

    Returns
    -------
    float
        Its height in points; 0 if there is nothing to explain.
    """
    shown = {label: line for axes in fig.axes for line, label in zip(*axes.get_legend_handles_labels(), strict=True)}
    if not shown:
        return 0.0
    columns = max(1, min(len(shown), _LETTERS // (max(map(len, shown)) + 6)))
    style = {"frameon": False, "fontsize": SMALL_PT, "handlelength": 1.8, "ncols": columns}
    fig.legend(list(shown.values()), list(shown), loc="lower left", **style)
    return SMALL_PT * (1 + 1.6 * -(-len(shown) // columns))


def draw_cumulative(axes: Axes, values: Floats, shares: Floats, **style: Any) -> None:
    """Draw the share in percent that is not larger than each of (n,) sizes in ascending order."""
    below = 100 * np.cumsum(shares) / shares.sum()
    shown = np.arange(len(values))
    if len(values) > _MOST_POINTS:
        even = (np.searchsorted(below, np.linspace(0, 100, _MOST_POINTS // 2)), _even_in_log(values, _MOST_POINTS // 2))
        shown = np.unique(np.minimum(np.concatenate(even), len(values) - 1))
    axes.step(np.append(values[0], values[shown]), np.append(0, below[shown]), where="post", lw=1.4, **style)


def _even_in_log(values: Floats, count: int) -> Ints:
    """Positions in (n,) ascending values that share the range of their logarithms equally, with both ends."""
    return np.searchsorted(values, np.geomspace(values[0], values[-1], count), "right") - 1


def _density(axes: Axes, sizes: Sizes, scale: Scale) -> None:
    """Kernel density estimates of ln d by number and by volume."""
    finish(axes, "Density (kernel estimate on ln d)", "Density of ln d")
    smoother = Smoother.of(sizes)
    if smoother is None:
        _write(axes, "All sizes are equal: no density")
        return
    shares = sizes.weights * (sizes.values / sizes.values[-1]) ** np.array([[0], [3]])
    number, volume = smoother.density(sizes.values, shares).T
    x = np.exp(smoother.centres) * scale.factor
    axes.plot(x, number, color=NUMBER, lw=1.4, label="by number")
    axes.plot(x, volume, color=VOLUME, lw=1.4, ls=(0, (4, 1.5)), label="by volume")
    rug = sizes.values[:: max(1, len(sizes) // 400)] * scale.factor
    axes.plot(rug, np.full(len(rug), -0.03 * number.max()), "|", color=INK, ms=4, mew=0.4)
    log_ticks(axes, float(x[0]), float(x[-1]))
    legend(axes)


def _cumulative(axes: Axes, sizes: Sizes, description: Description, scale: Scale) -> None:
    """Cumulative curves by number and volume, and the fit."""
    finish(axes, "Cumulative", "Smaller (%)")
    values = sizes.values * scale.factor
    for power, name, colour, dashes in ((0, "by number", NUMBER, "-"), (3, "by volume", VOLUME, (0, (4, 1.5)))):
        share = sizes.weights * (sizes.values / sizes.values[-1]) ** power
        draw_cumulative(axes, values, share, color=colour, ls=dashes, label=name)
    if (fit := description.fits.best) is not None:
        x = np.geomspace(sizes.values[0], sizes.values[-1], 200)
        axes.plot(x * scale.factor, 100 * fit.cumulative(x), color=INK, lw=0.9, ls=":", label=f"{fit.name} fit")
    axes.set(ylim=(0, 103), yticks=[0, 10, 25, 50, 75, 90, 100])
    axes.grid(axis="y", lw=0.3, color="#BBBBBB")
    if values[-1] > LOG_FROM_RATIO * values[0]:
        log_ticks(axes, float(values[0]), float(values[-1]))
    legend(axes)


def _normal_plot(axes: Axes, sizes: Sizes, scale: Scale) -> None:
    """Sizes against the quantiles of a normal distribution: a log-normal sample lies on the line."""
    from scipy.special import ndtr, ndtri

    finish(axes, "Log-normal quantile plot", f"Size ({scale.sign})")
    axes.set_xlabel("Quantile of the standard normal distribution", fontsize=TEXT_PT, color=INK)
    if len(sizes) < 3 or sizes.values[-1] <= sizes.values[0]:
        _write(axes, "Too few sizes")
        return
    at = (np.cumsum(sizes.weights) - sizes.weights / 2) / sizes.weights.sum()
    ends = ndtri(at[[0, -1]])
    shown = np.arange(len(at))
    if len(at) > _MOST_POINTS:
        shown = np.unique(
            np.minimum(np.searchsorted(at, ndtr(np.linspace(ends[0], ends[1], _MOST_POINTS))), len(at) - 1)
        )
    axes.plot(ndtri(at[shown]), sizes.values[shown] * scale.factor, ".", color=NUMBER, ms=4, mew=0)
    middle, spread = _line(np.log(sizes.values), sizes.weights)
    axes.plot(ends, np.exp(middle + spread * ends) * scale.factor, color=INK, lw=0.9, ls=":")
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter("{x:g}" if sizes.values[-1] < 10 * sizes.values[0] else "")
    axes.tick_params(which="both", labelsize=SMALL_PT)


def _line(log: Floats, weights: Floats) -> tuple[float, float]:
    middle = float(np.average(log, weights=weights))
    return middle, math.sqrt(float(np.average((log - middle) ** 2, weights=weights)))


def _write(axes: Axes, text: str) -> None:
    axes.text(0.5, 0.5, text, ha="center", va="center", fontsize=SMALL_PT, color=INK, transform=axes.transAxes)
