"""Figures of measured particles, for reports and papers."""

from __future__ import annotations

import math
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from particleforge.measurement.arrays import Floats
from particleforge.measurement.distribution import size_unit
from particleforge.measurement.lettering import legible
from particleforge.measurement.numbers import digits
from particleforge.measurement.outlines import Outlines
from particleforge.measurement.picture import (
    INK,
    SMALL_PT,
    TEXT_PT,
    UNIT_SIGNS,
    draw_image,
    draw_outlines,
    draw_scale_bar,
    shown_outlines,
)
from particleforge.measurement.rules import Rules
from particleforge.measurement.statistics.compare import log_figures
from particleforge.measurement.statistics.density import LOG_FROM_RATIO, bins
from particleforge.measurement.statistics.figures import percentiles
from particleforge.measurement.statistics.fits.fit import Fit
from particleforge.measurement.statistics.fits.ranking import fits
from particleforge.measurement.statistics.sizes import Sizes
from particleforge.store.files import atomic_write

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.container import BarContainer
    from matplotlib.figure import Figure


BARS, FIT = "#56B4E9", "#D55E00"
_CAPTION, _CAPTION_PT = 150, 6.5
_TALLEST = 2.0
"""A fit is clipped at this multiple of the highest bar."""
_DPI, _COMPRESSION = 200, 3
"""Resolution of figures, and effort of the compression: files are as small as with the usual 6, in half the time."""


def particle_figure(
    grey: npt.NDArray[Any] | None,
    labels: npt.NDArray[Any],
    table: pd.DataFrame,
    *,
    name: str = "",
    pixel_size_nm: float | None = None,
    rules: Rules = Rules(),
    lines: Outlines | None = None,
) -> Figure:
    """Draw an image with its particles outlined, next to their size distribution.

    Outlines of particles that do not count are dashed and grey.

    Parameters
    ----------
    grey
        (Y, X) image; None: the particles are drawn on white.
    labels
        (Y, X) ids, 0 = background.
    table
        The particles of `labels` as returned by `measure_particles`.
    name
        Title.
    pixel_size_nm
        For the scale bar and the sizes; None: both are in px.
    rules
        The rules with which the table was made.
    lines
        Outlines of the particles, if they are already known.

    Returns
    -------
    matplotlib.figure.Figure
        On an Agg canvas; nothing is shown and no global state of matplotlib is touched.
        The histogram shows the number of particles that count against the equal-area diameter, on a logarithmic axis if
        the largest is more than 2.5 times the smallest, with the fit by number that `fits` chooses.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    height, width = labels.shape
    tall = min(max(4.15 * height / max(width, 1), 2.4), 5.0)
    fig = Figure(figsize=(8.6, tall + 1.2), layout="constrained", facecolor="white")
    FigureCanvasAgg(fig)
    fig.get_layout_engine().set(w_pad=0.09, h_pad=0.09, wspace=0.05)  # type: ignore[union-attr, call-arg]
    left, right = fig.subplots(1, 2, width_ratios=(4.4, 3.8), subplot_kw={"anchor": "NW"})
    left.set_title(_shortened(legible(name)), loc="left", fontsize=TEXT_PT, color=INK, parse_math=False)
    draw_image(left, grey, labels)
    draw_outlines(left, shown_outlines(labels, {}) if lines is None else lines, table, width)
    draw_scale_bar(left, width, pixel_size_nm)
    counted = table[table["weight"] > 0]
    draw_sizes(right, *sizes_in_unit(counted, pixel_size_nm), counted["weight"].to_numpy(float))
    if len(counted):
        notes = explained(rules, len(counted) < len(table))
        fig.supxlabel(fill(notes, _CAPTION), x=0.01, ha="left", fontsize=_CAPTION_PT, color=INK, linespacing=1.4)
    return fig


def explained(rules: Rules, any_excluded: bool) -> str:
    """Explain what figures abbreviate, how particles are counted, and the dashed outlines if there are any."""
    sentences = [
        "GM and GSD: geometric mean and geometric standard deviation.",
        "D10, D50, D90: 10, 50 and 90 % of the particles are smaller.",
    ]
    if rules.border.weighting:
        sentences.append(f"Weighted: {rules.border.weighting}.")
    if any_excluded:
        sentences.append("Dashed: does not count.")
    return " ".join(sentences)


def save_figure(fig: Figure, *paths: Path) -> None:
    """Write a figure completely or not at all, as PNG, PDF or SVG by the suffix of each path.

    Text stays text in PDF and SVG, and equal figures give equal bytes.

    Raises
    ------
    UserError
        If the disk is full or not writable.
    """
    import matplotlib as mpl

    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "particleforge", "pdf.fonttype": 42}):
        for path in paths:
            with atomic_write(path) as temporary:
                _write(fig, temporary)


def _write(fig: Figure, path: Path) -> None:
    """Draw a figure into a file; `savefig` would draw it twice, and store transparency that it does not have."""
    fig.set_dpi(_DPI)
    if path.suffix.lower() == ".svg":
        from matplotlib.backends.backend_svg import FigureCanvasSVG

        FigureCanvasSVG(fig).print_svg(path, metadata={"Date": None})
    elif path.suffix.lower() == ".pdf":
        from matplotlib.backends.backend_pdf import FigureCanvasPdf

        FigureCanvasPdf(fig).print_pdf(path, metadata={"CreationDate": None})
    else:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from PIL import Image

        canvas = FigureCanvasAgg(fig)
        canvas.draw()
        image = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
        image.save(path, "PNG", dpi=(_DPI, _DPI), compress_level=_COMPRESSION)


def sizes_in_unit(table: pd.DataFrame, pixel_size_nm: float | None) -> tuple[Floats, str]:
    """Equal-area diameters of a particle table in the unit that suits them: ``px``, ``nm``, ``um`` or ``mm``."""
    pixels = table["ecd_px"].to_numpy(float)
    if pixel_size_nm is None:
        return pixels, "px"
    unit, factor = size_unit(float(np.median(pixels)) * pixel_size_nm if len(pixels) else 1.0)
    return pixels * pixel_size_nm * factor, unit


def draw_sizes(
    axes: Axes, sizes: Floats, unit: str, weights: Floats | None = None, fit: Fit | None = None
) -> BarContainer | None:
    """Draw a histogram of diameters with statistics and the fit that `fits` chooses.

    Parameters
    ----------
    axes
        Axes to draw on.
    sizes
        (n,) diameters.
    unit
        As returned by `sizes_in_unit`.
    weights
        (n,) how much each counts, above zero; None: all equally. The bars add up to n.
    fit
        This fit, if it is already known.

    Returns
    -------
    matplotlib.container.BarContainer or None
        The bars; None if there are no particles.
    """
    from matplotlib.ticker import MaxNLocator

    if not len(sizes):
        axes.set_axis_off()
        axes.text(0.5, 0.5, "No particles", ha="center", va="center", fontsize=TEXT_PT, color=INK)
        return None
    sign = UNIT_SIGNS[unit]
    weights = np.ones(len(sizes)) if weights is None else weights / weights.mean()
    even = bool(np.ptp(weights) < 1e-9)
    axes.set_title(_caption(sizes, weights, sign), loc="left", fontsize=SMALL_PT, color=INK, linespacing=1.5)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=SMALL_PT, color=INK, labelcolor=INK)
    axes.set_xlabel(f"Equal-area diameter ({sign})", fontsize=TEXT_PT, color=INK)
    axes.set_ylabel("Number of particles" + ("" if even else ", weighted"), fontsize=TEXT_PT, color=INK)
    axes.yaxis.set_major_locator(MaxNLocator(6, integer=True, steps=[1, 2, 5, 10]))
    return _draw_histogram(axes, sizes, weights, fit)


def _draw_histogram(axes: Axes, sizes: Floats, weights: Floats, fit: Fit | None) -> BarContainer:
    logarithmic = sizes.max() > LOG_FROM_RATIO * sizes.min()
    edges = bins(sizes, logarithmic)
    counts, _ = np.histogram(sizes, edges, weights=weights)
    bars = axes.bar(edges[:-1], counts, np.diff(edges), align="edge", color=BARS, edgecolor="white", linewidth=0.6)
    highest = float(counts.max())
    shown = (edges[0], edges[-1]) if len(sizes) > 1 else (0.5 * edges[0], 1.5 * edges[-1])
    fit = fits(Sizes.weighted(sizes, weights)).best if fit is None else fit
    if fit is not None:
        x, y = _fit_curve(fit, edges, logarithmic, len(sizes))
        axes.plot(x, y, color=FIT, lw=1.4, label=f"{fit.name} fit")
        axes.legend(frameon=False, fontsize=SMALL_PT, loc="upper right", handlelength=1.4, borderaxespad=0.1)
        highest, shown = min(max(highest, float(y.max())), _TALLEST * highest), (x[0], x[-1])
    if logarithmic:
        log_ticks(axes, *shown)
    margin = 0.04 * (math.log(shown[1] / shown[0]) if logarithmic else shown[1] - shown[0])
    limits = (
        (shown[0] / math.exp(margin), shown[1] * math.exp(margin))
        if logarithmic
        else (shown[0] - margin, shown[1] + margin)
    )
    axes.set(ylim=(0, 1.15 * highest), xlim=limits)
    return bars


def _fit_curve(fit: Fit, edges: Floats, logarithmic: bool, count: int) -> tuple[Floats, Floats]:
    """Return sizes and the expected number of particles per bin, over all bins and 98.8 % of the fit."""
    reach = edges[-1] / edges[0]
    x = np.geomspace(edges[0] / reach, edges[-1] * reach, 1500)
    below = fit.cumulative(x)
    shown = ((x >= edges[0]) & (x <= edges[-1])) | ((below > 0.006) & (below < 0.994))
    x = x[shown]
    width = x * math.log(edges[1] / edges[0]) if logarithmic else edges[1] - edges[0]
    return x, count * fit.density(x) * width


def log_ticks(axes: Axes, low: float, high: float) -> None:
    """Label at least four round numbers, in plain digits without powers."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullFormatter

    axes.set_xscale("log")
    decades = 10.0 ** np.arange(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks: list[float] = []
    for steps in ((1,), (1, 3), (1, 2, 5), (1, 2, 3, 5, 7), (1, 1.5, 2, 3, 4, 5, 6, 8)):
        ticks = [value for value in np.outer(decades, steps).reshape(-1).tolist() if low <= value <= high]
        if len(ticks) >= 4:
            break
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_locator(LogLocator(subs=tuple(range(1, 10))))
    axes.xaxis.set_minor_formatter(NullFormatter())


def _caption(sizes: Floats, weights: Floats, sign: str) -> str:
    """Count, geometric mean, GSD and percentiles on two lines."""
    if len(sizes) == 1:
        return f"1 particle   {digits(sizes[0])} {sign}"
    ordered = Sizes.weighted(sizes, weights)
    middle, spread = log_figures(ordered)
    tens = percentiles(ordered.values, ordered.weights, np.array([0.1, 0.5, 0.9])).tolist()
    below = "   ".join(f"D{10 * part} {digits(size)} {sign}" for part, size in zip((1, 5, 9), tens, strict=True))
    return f"{len(sizes)} particles   GM {digits(math.exp(middle))} {sign}   GSD {math.exp(spread):.2f}\n{below}"


def _shortened(name: str) -> str:
    return name if len(name) <= 48 else f"{name[:30]}…{name[-17:]}"
