"""Report of distances of sets, and of the detectors that learned from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from particleforge.measurement.numbers import digits
from particleforge.measurement.picture import INK, SMALL_PT
from particleforge.measurement.report.content import Content, Plot, as_yaml
from particleforge.measurement.report.plots import blank, entitle, laid_out, svg
from particleforge.measurement.report.table import Table
from particleforge.measurement.statistics.bootstrap import Precision
from particleforge.measurement.statistics.describe import Estimate
from particleforge.quality.distance import distances
from particleforge.quality.metric import metrics
from particleforge.quality.ranking import Values, critical
from particleforge.wording import plural

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Correlations = Mapping[str, Mapping[str, Estimate]]


def ranking_report(
    far: Values,
    figures: Mapping[str, Values],
    found: Mapping[str, Correlations],
    precision: Precision,
    provenance: Mapping[str, object],
    warnings: Sequence[str] = (),
) -> Content:
    """Put distances, metrics and their correlation into tables and pictures.

    Parameters
    ----------
    far
        Distances by set.
    figures
        Metrics by dataset of labelled images, then by set.
    found
        Correlations by dataset.
    precision
        Precision of the intervals.
    provenance
        Plain data.
    warnings
        What readers should know first.
    """
    sets = list(next(iter(far.values())))
    titles = {key: distance.TITLE for key, distance in distances().items()}
    apart = Table(
        "Distance from the real images",
        ("", *sets),
        [(titles[key], *(digits(own[name]) for name in sets)) for key, own in far.items()],
    )
    return Content(
        title=f"Distances of {plural(len(sets), 'set')}, and what detectors learn from them",
        headline=[line for dataset, own in found.items() for line in _headline(dataset, own)],
        warnings=[*warnings, _limit(len(sets))],
        tables=[apart, *(table for name in found for table in _tables(name, figures[name], found[name], sets))],
        rules={
            "rho": "Spearman's rank correlation over sets of the distance with how far the metric is from its best "
            "value. It is positive if detectors are worse the farther their set is.",
            "Intervals": f"{precision.confidence_percent:g} %, by a bootstrap over sets; each set is one number, so "
            "they are wide. Other trainings with the same sets would give other figures.",
            "Several": "Among many correlations some are large by chance.",
        },
        provenance=as_yaml(provenance),
        plots=[Plot(svg(_heat(own)), f"{dataset}: rho of distances and metrics.") for dataset, own in found.items()],
    )


def _headline(dataset: str, found: Correlations) -> list[tuple[str, str, str]]:
    key, own = next(iter(found.items()))
    return [(f"rho of {key} and F1 on {dataset}", *own["f1"].text)] if "f1" in own else []


def _limit(count: int) -> str:
    least = critical(count)
    if least is None:
        return f"With {plural(count, 'set')} no correlation can be distinguished from chance (p < 0.05)."
    return f"With {plural(count, 'set')} the size of rho must be at least {least:.2f} for p < 0.05."


def _tables(dataset: str, figures: Values, found: Correlations, sets: Sequence[str]) -> list[Table]:
    titles = {key: metric.TITLE for key, metric in metrics().items()}
    named = {key: distance.TITLE for key, distance in distances().items()}
    least = critical(len(sets))
    rated = list(next(iter(found.values())))
    values = [(titles[key], *(digits(figures[key][name]) for name in sets)) for key in rated]
    rows = [(titles[key], *(_cell(own[key], least) for own in found.values())) for key in rated]
    return [
        Table(f"Detectors on {dataset}", ("", *sets), values),
        Table(f"rho on {dataset}", ("", *(named[key] for key in found)), rows, "A star: p < 0.05 for this one alone."),
    ]


def _cell(one: Estimate, least: float | None) -> str:
    star = " *" if one.value is not None and least is not None and abs(one.value) >= least - 1e-9 else ""
    limits = "" if one.low is None or one.high is None else f" ({one.low:.2f} to {one.high:.2f})"
    return "-" if one.value is None else f"{one.value:.2f}{limits}{star}"


def _heat(found: Correlations) -> Figure:
    """Draw rho as colours with its number, a row for each metric."""
    rated = list(next(iter(found.values())))
    rho = np.array([[_number(own[key]) for own in found.values()] for key in rated])
    fig = blank(0.8 + 0.28 * len(rho))
    axes = fig.subplots()
    entitle(axes, "Spearman's rho")
    axes.imshow(rho, cmap="RdBu_r", vmin=-1, vmax=1, aspect="auto")
    names = [key.replace("_", "\n") for key in found]
    axes.set_xticks(range(len(found)), names, fontsize=SMALL_PT, color=INK)
    axes.set_yticks(range(len(rho)), rated, fontsize=SMALL_PT, color=INK)
    for y, row in enumerate(rho):
        for x, value in enumerate(row):
            text = "-" if np.isnan(value) else f"{value:.2f}"
            colour = "white" if abs(value) > 0.7 else INK
            axes.text(x, y, text, ha="center", va="center", fontsize=SMALL_PT, color=colour)
    return laid_out(fig)


def _number(one: Estimate) -> float:
    return np.nan if one.value is None else one.value
