"""A report that compares several samples side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from particleforge.errors import UserError
from particleforge.measurement.figures import log_ticks
from particleforge.measurement.picture import INK, TEXT_PT
from particleforge.measurement.report.aggregation_compared import compared_plots, compared_tables
from particleforge.measurement.report.content import Content, Plot, as_yaml
from particleforge.measurement.report.plots import blank, draw_cumulative, finish, laid_out, legend_below, svg
from particleforge.measurement.report.scale import Scale
from particleforge.measurement.report.table import Table
from particleforge.measurement.report.write import write_pages
from particleforge.measurement.statistics.bootstrap import Precision
from particleforge.measurement.statistics.compare import CELLS_PER_DECADE, Comparison, compare, quantile_pairs
from particleforge.measurement.statistics.describe import Description, describe
from particleforge.measurement.statistics.sizes import Sizes
from particleforge.measurement.uncertainty.several import Uncertainties
from particleforge.wording import plural

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from particleforge.measurement.aggregation.degree import Aggregation

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_DASHES = ("-", (0, (4, 1.5)), (0, (1, 1)), (0, (4, 1, 1, 1)))


def write_comparison(
    path: Path | Sequence[Path],
    samples: Mapping[str, Sizes],
    *,
    rules: Mapping[str, str] | None = None,
    provenance: Mapping[str, Any] | None = None,
    precision: Precision = Precision(),
    aggregations: Mapping[str, Aggregation] | None = None,
    uncertainties: Uncertainties = Uncertainties(),
) -> dict[str, Comparison]:
    """Compare samples with the first of them and write the report.

    Parameters
    ----------
    path
        ``.html`` or ``.pdf``, or one of each.
    samples
        Sizes by name; the first is the reference.
    rules
        Choices made, by name.
    provenance
        Plain data.
    precision
        Precision of the intervals; the number of regroupings equals that of resamples.
    aggregations
        Single and aggregated particles of samples by name, where known.
    uncertainties
        What is known of the uncertainty of the samples apart from sampling.

    Returns
    -------
    dict
        Comparison of every other sample with the reference.

    Raises
    ------
    UserError
        If there are fewer than two samples, one is empty, units differ, or the disk is full.
    """
    if len(samples) < 2:
        raise UserError(f"A comparison needs at least two samples, not {len(samples)}.")
    (first, reference), *others = samples.items()
    described = {name: describe(sizes, precision) for name, sizes in samples.items()}
    found = {
        name: uncertainties.of_deviations(compare(sizes, reference, precision.resamples), described, (name, first))
        for name, sizes in others
    }
    scale = Scale.of(described[first])
    report = Content(
        title=f"Sizes compared with {first}",
        headline=[("Reference", first, plural(len(reference), "particle"))],
        warnings=[],
        tables=[_differences(found), _sizes(described, scale, uncertainties), *compared_tables(aggregations or {})],
        rules={
            **(rules or {}),
            "Jensen-Shannon": f"on a fixed grid of {CELLS_PER_DECADE} cells per decade; in brackets: the divergence of "
            "samples of the same distribution (median, 95 %)",
            "p-value": f"share of {precision.resamples} random regroupings with as large a Wasserstein distance; it "
            "holds sampling alone",
            "Intervals": uncertainties.sentence(list(samples), precision.confidence_percent),
        },
        provenance=as_yaml(provenance or {}),
        plots=[
            Plot(svg(_plots(samples, scale)), "Cumulative curves, and quantiles against those of the reference."),
            *compared_plots(aggregations or {}, _styles(samples)),
        ],
    )
    write_pages(path, report)
    return found


def _differences(found: Mapping[str, Comparison]) -> Table:
    rows = [
        (
            name,
            f"{100 * one.wasserstein:.1f} %",
            f"{one.p_value:.3g}",
            f"{one.kolmogorov_smirnov:.3f}",
            f"{one.jensen_shannon:.3f} ({one.jensen_shannon_null[0]:.3f}, {one.jensen_shannon_null[1]:.3f})",
            deviation(one.geometric_mean_percent, one.geometric_mean_interval),
            deviation(one.gsd_percent, one.gsd_interval),
            f"{one.count_percent:+.1f} %",
        )
        for name, one in found.items()
    ]
    head = ("", "Wasserstein on ln d", "p", "KS", "Jensen-Shannon", "Geometric mean", "GSD", "Count")
    return Table("Differences from the reference", head, rows)


def deviation(percent: float | None, interval: tuple[float, float] | None) -> str:
    """Format a deviation from the reference with its interval."""
    if percent is None:
        return "-"
    limits = "" if interval is None else f" ({interval[0]:+.1f} to {interval[1]:+.1f})"
    return f"{percent:+.1f} %{limits}"


def _sizes(described: Mapping[str, Description], scale: Scale, uncertainties: Uncertainties) -> Table:
    rows = []
    for name, one in described.items():
        number = uncertainties.widened(name, one)
        lengths = (scale.estimate(number[key]) for key in ("geometric_mean", "d10", "d50", "d90"))
        cells = (" ".join(value.text).strip() for value in (*lengths, number["gsd"]))
        rows.append((name, str(one.count), *cells))
    return Table(f"Sizes by number ({scale.sign})", ("", "Count", "Geometric mean", "D10", "D50", "D90", "GSD"), rows)


def _styles(names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Colour and dashes of each sample."""
    return {
        name: {"color": COLOURS[number % len(COLOURS)], "ls": _DASHES[number % len(_DASHES)]}
        for number, name in enumerate(names)
    }


def _plots(samples: Mapping[str, Sizes], scale: Scale) -> Figure:
    """Cumulative curves in one plot, and quantiles against those of the reference."""
    fig = blank(3.3)
    cumulative, quantiles = fig.subplots(1, 2)
    finish(cumulative, "Cumulative, by number", "Smaller (%)")
    finish(quantiles, "Quantile-quantile plot", f"Sample ({scale.sign})")
    everything = np.concatenate([sizes.values for sizes in samples.values()]) * scale.factor
    ends = float(everything.min()), float(everything.max())
    (first, reference), *_ = samples.items()
    for (name, sizes), style in zip(samples.items(), _styles(samples).values(), strict=True):
        draw_cumulative(cumulative, sizes.values * scale.factor, sizes.weights, label=name, **style)
        if name != first:
            x, y = quantile_pairs(sizes, reference)
            quantiles.plot(x * scale.factor, y * scale.factor, lw=1.4, label=name, **style)
    quantiles.plot(ends, ends, color=INK, lw=0.7, ls=":", label="equal")
    cumulative.set_xlabel(f"Size ({scale.sign})", fontsize=TEXT_PT, color=INK)
    quantiles.set_xlabel(f"{first} ({scale.sign})", fontsize=TEXT_PT, color=INK)
    if ends[1] > ends[0]:
        log_ticks(cumulative, *ends)
    return laid_out(fig, legend_below(fig))
