"""Figures of measured particles, for reports and papers."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from particleforge.measurement.distribution import size_statistics, size_unit
from particleforge.store.files import atomic_write

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.container import BarContainer
    from matplotlib.figure import Figure

Floats = npt.NDArray[np.float64]

_OUTLINE, _BARS, _FIT, _INK, _PALE = "#E69F00", "#56B4E9", "#D55E00", "#222222", "#C9D3DB"
_TEXT_PT, _SMALL_PT = 9, 8
_MOST_SHOWN_PX = 2048
_LOG_FROM_RATIO = 2.5
_UNIT_SIGNS = {"nm": "nm", "um": "µm", "mm": "mm", "px": "px"}


def particle_figure(
    grey: npt.NDArray[Any] | None,
    labels: npt.NDArray[Any],
    table: pd.DataFrame,
    *,
    name: str = "",
    pixel_size_nm: float | None = None,
) -> Figure:
    """Draw an image with its particles outlined beside their size distribution.

    Parameters
    ----------
    grey
        (Y, X) image, or None: then the particles are drawn on white.
    labels
        (Y, X) ids, 0 = background.
    table
        The particles of `labels` as `measure_particles` gives them.
    name
        Title.
    pixel_size_nm
        For the scale bar and the sizes; None gives both in px.

    Returns
    -------
    matplotlib.figure.Figure
        On an Agg canvas; nothing is shown and no global state of matplotlib is touched.
        Histogram: number of particles over equal-area diameter, on a logarithmic axis where the largest is more than
        2.5 times the smallest, with the number-weighted log-normal fit.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    height, width = labels.shape
    tall = min(max(4.15 * height / max(width, 1), 2.4), 5.0)
    fig = Figure(figsize=(8.6, tall + 0.95), layout="constrained", facecolor="white")
    FigureCanvasAgg(fig)
    fig.get_layout_engine().set(w_pad=0.09, h_pad=0.09, wspace=0.05)  # type: ignore[union-attr, call-arg]
    left, right = fig.subplots(1, 2, width_ratios=(4.4, 3.8), subplot_kw={"anchor": "NW"})
    left.set_title(_shortened(name), loc="left", fontsize=_TEXT_PT, color=_INK)
    _draw_image(left, grey, labels)
    _draw_outlines(left, labels, table)
    _draw_scale_bar(left, width, pixel_size_nm)
    sizes, unit = sizes_in_unit(table, pixel_size_nm)
    draw_sizes(right, sizes, unit)
    return fig


def save_figure(fig: Figure, path: Path) -> None:
    """Write a figure whole or not at all, as PNG, PDF or SVG by its suffix.

    Raises
    ------
    UserError
        If the disk is full or not writable.
    """
    with atomic_write(path) as temporary:
        fig.savefig(temporary, dpi=200)


def _draw_image(axes: Axes, grey: npt.NDArray[Any] | None, labels: npt.NDArray[Any]) -> None:
    from matplotlib.colors import ListedColormap

    height, width = labels.shape
    step = _step(labels)
    shown = _reduced(labels > 0 if grey is None else grey, step)
    low, high = np.percentile(shown, (0.3, 99.7)) if grey is not None else (0, 1)
    axes.imshow(
        shown,
        cmap=ListedColormap(["white", _PALE]) if grey is None else "gray",
        vmin=low,
        vmax=high if high > low else low + 1,
        extent=(-0.5, shown.shape[1] * step - 0.5, shown.shape[0] * step - 0.5, -0.5),
    )
    axes.set(xticks=[], yticks=[], xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))
    for side in axes.spines.values():
        side.set(linewidth=0.5, color=_PALE)


def _draw_outlines(axes: Axes, labels: npt.NDArray[Any], table: pd.DataFrame) -> None:
    """Lines no wider than suits a typical particle."""
    from matplotlib.collections import LineCollection

    if not len(table):
        return
    step = _step(labels)
    middle = step // 2
    lines = [outline * step + middle for outline in outlines(labels[middle::step, middle::step])]
    typical_pt = 300 * float(table["ecd_px"].median()) / labels.shape[1]
    thickness = min(max(0.07 * typical_pt, 0.35), 0.9)
    axes.add_collection(LineCollection(lines, colors=_OUTLINE, linewidths=thickness), autolim=False)


def _step(labels: npt.NDArray[Any]) -> int:
    """Every how manieth pixel is drawn."""
    return max(1, -(-int(max(labels.shape)) // _MOST_SHOWN_PX))


def _reduced(grey: npt.NDArray[Any], step: int) -> npt.NDArray[Any]:
    """Mean of blocks of `step` by `step` pixels; what remains at the end is left out."""
    if step == 1:
        return grey
    height, width = (size // step for size in grey.shape)
    blocks = grey[: height * step, : width * step].reshape(height, step, width, step)
    return np.asarray(blocks.mean(axis=(1, 3), dtype=np.float32))


def outlines(labels: npt.NDArray[Any]) -> list[Floats]:
    """Trace the closed outlines of every particle, half way to the next pixel.

    Returns
    -------
    list of (P, 2) float
        Points (x, y) in px; one array per piece or hole.
    """
    from scipy.ndimage import find_objects
    from skimage.measure import find_contours

    ids, compact = np.unique(labels, return_inverse=True)
    first = 0 if len(ids) and ids[0] == 0 else 1
    found: list[Floats] = []
    for number, box in enumerate(find_objects(compact.reshape(labels.shape) + first), start=1):
        if box is not None:
            mask = np.pad(compact.reshape(labels.shape)[box] + first == number, 1)
            origin = (box[1].start - 1, box[0].start - 1)
            contours = find_contours(mask.astype(np.uint8), 0.5)  # type: ignore[no-untyped-call]
            found += [contour[:, ::-1] + origin for contour in contours]
    return found


def scale_bar(width_px: int, pixel_size_nm: float | None) -> tuple[float, str]:
    """Round length of about a fifth of the image's width.

    Returns
    -------
    length_px, text
        Such as ``(40.0, "20 nm")``.
    """
    target = width_px / 5 * (pixel_size_nm or 1)
    unit, factor = size_unit(target) if pixel_size_nm else ("px", 1.0)
    power = 10.0 ** math.floor(math.log10(target * factor))
    length = max(nice * power for nice in (1, 2, 5) if nice * power <= target * factor * (1 + 1e-9))
    return length / factor / (pixel_size_nm or 1), f"{length:g} {_UNIT_SIGNS[unit]}"


def _draw_scale_bar(axes: Axes, width_px: int, pixel_size_nm: float | None) -> None:
    """Bar below the image, where it hides nothing."""
    if not width_px:
        return
    from matplotlib.transforms import ScaledTranslation

    length, text = scale_bar(width_px, pixel_size_nm)
    down = ScaledTranslation(0, -9 / 72, axes.get_figure(root=True).dpi_scale_trans)  # type: ignore[union-attr]
    below = axes.get_xaxis_transform() + down
    bar = {"color": _INK, "lw": 2.2, "clip_on": False, "solid_capstyle": "butt"}
    axes.plot([-0.5, length - 0.5], [0, 0], transform=below, **bar)  # type: ignore[arg-type]
    axes.annotate(
        text,
        (length - 0.5, 0),
        (5, -9),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        va="center",
        annotation_clip=False,
        fontsize=_SMALL_PT,
        color=_INK,
    )


def sizes_in_unit(table: pd.DataFrame, pixel_size_nm: float | None) -> tuple[Floats, str]:
    """Equal-area diameters of a particle table in the unit that suits them: ``px``, ``nm``, ``um`` or ``mm``."""
    pixels = table["ecd_px"].to_numpy(float)
    if pixel_size_nm is None:
        return pixels, "px"
    unit, factor = size_unit(float(np.median(pixels)) * pixel_size_nm if len(pixels) else 1.0)
    return pixels * pixel_size_nm * factor, unit


def draw_sizes(axes: Axes, sizes: Floats, unit: str) -> BarContainer | None:
    """Draw a histogram of diameters with its log-normal fit and statistics.

    Parameters
    ----------
    axes
        Where to.
    sizes
        (n,) diameters.
    unit
        As `sizes_in_unit` gives it.

    Returns
    -------
    matplotlib.container.BarContainer or None
        The bars; None where there is no particle.
    """
    from matplotlib.ticker import MaxNLocator

    if not len(sizes):
        axes.set_axis_off()
        axes.text(0.5, 0.5, "No particles", ha="center", va="center", fontsize=_TEXT_PT, color=_INK)
        return None
    sign = _UNIT_SIGNS[unit]
    axes.set_title(_caption(sizes, sign), loc="left", fontsize=_SMALL_PT, color=_INK, linespacing=1.5)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=_SMALL_PT, color=_INK, labelcolor=_INK)
    axes.set_xlabel(f"Equal-area diameter ({sign})", fontsize=_TEXT_PT, color=_INK)
    axes.set_ylabel("Number of particles", fontsize=_TEXT_PT, color=_INK)
    axes.yaxis.set_major_locator(MaxNLocator(6, integer=True, steps=[1, 2, 5, 10]))
    return _draw_histogram(axes, sizes)


def _draw_histogram(axes: Axes, sizes: Floats) -> BarContainer:
    logarithmic = sizes.max() > _LOG_FROM_RATIO * sizes.min()
    edges = _bins(sizes, logarithmic)
    counts, _ = np.histogram(sizes, edges)
    bars = axes.bar(edges[:-1], counts, np.diff(edges), align="edge", color=_BARS, edgecolor="white", linewidth=0.6)
    highest = float(counts.max())
    shown = (edges[0], edges[-1]) if len(sizes) > 1 else (0.5 * edges[0], 1.5 * edges[-1])
    fit = size_statistics(sizes)["lognormal"]
    if len(sizes) > 2 and fit["gsd"] > 1.0001:
        x, y = _fit_curve(fit, edges, logarithmic, len(sizes))
        axes.plot(x, y, color=_FIT, lw=1.4, label="log-normal fit")
        axes.legend(frameon=False, fontsize=_SMALL_PT, loc="upper right", handlelength=1.4, borderaxespad=0.1)
        highest, shown = max(highest, float(y.max())), (x[0], x[-1])
    if logarithmic:
        _log_ticks(axes, *shown)
    margin = 0.04 * (math.log(shown[1] / shown[0]) if logarithmic else shown[1] - shown[0])
    limits = (
        (shown[0] / math.exp(margin), shown[1] * math.exp(margin))
        if logarithmic
        else (shown[0] - margin, shown[1] + margin)
    )
    axes.set(ylim=(0, 1.15 * highest), xlim=limits)
    return bars


def _bins(sizes: Floats, logarithmic: bool) -> Floats:
    """Bin edges by the rule of Freedman and Diaconis on ln d or d; 5 to 40 bins."""
    values = np.log(sizes) if logarithmic else sizes
    low, high = float(values.min()), float(values.max())
    if high - low <= 1e-9 * abs(high):
        return np.asarray([0.96 * sizes.mean(), 1.04 * sizes.mean()])
    quarter, three = np.quantile(values, (0.25, 0.75))
    wanted = (high - low) / max(2 * (three - quarter) / len(values) ** (1 / 3), (high - low) / 40)
    edges = np.linspace(low, high, max(math.ceil(wanted), 5) + 1)
    edges = np.exp(edges) if logarithmic else edges
    edges[0], edges[-1] = sizes.min(), sizes.max()
    return np.asarray(edges, float)


def _fit_curve(fit: dict[str, float], edges: Floats, logarithmic: bool, count: int) -> tuple[Floats, Floats]:
    """Expect so many particles per bin, along the size axis."""
    centre, spread = math.log(fit["median"]), math.log(fit["gsd"])
    low, high = min(math.log(edges[0]), centre - 2.5 * spread), max(math.log(edges[-1]), centre + 2.5 * spread)
    x = np.exp(np.linspace(low, high, 300))
    density = np.exp(-0.5 * ((np.log(x) - centre) / spread) ** 2) / (spread * math.sqrt(2 * math.pi))
    width = math.log(edges[1] / edges[0]) if logarithmic else (edges[1] - edges[0]) / x
    return x, count * density * width


def _log_ticks(axes: Axes, low: float, high: float) -> None:
    """Label at least four round numbers; plain digits, no powers."""
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


def _caption(sizes: Floats, sign: str) -> str:
    """Count, geometric mean, GSD and percentiles on two lines."""
    statistics = size_statistics(sizes)
    if len(sizes) == 1:
        return f"1 particle   {_digits(sizes[0])} {sign}"
    percentiles = "   ".join(f"{name} {_digits(statistics[name.lower()])} {sign}" for name in ("D10", "D50", "D90"))
    middle = f"GM {_digits(statistics['geometric_mean'])} {sign}   GSD {statistics['gsd']:.2f}"
    return f"{len(sizes)} particles   {middle}\n{percentiles}"


def _digits(value: float) -> str:
    """Three significant digits, more before the point where needed."""
    return f"{value:.0f}" if value >= 100 else f"{value:#.3g}"


def _shortened(name: str) -> str:
    return name if len(name) <= 48 else f"{name[:30]}…{name[-17:]}"
