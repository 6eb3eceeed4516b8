"""Report of repeated trainings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from particleforge.measurement.numbers import digits, with_limits
from particleforge.measurement.picture import INK
from particleforge.measurement.report.comparison import COLOURS
from particleforge.measurement.report.content import Content, Plot, as_yaml
from particleforge.measurement.report.plots import blank, finish, laid_out, svg
from particleforge.measurement.report.table import Table
from particleforge.measurement.statistics.bootstrap import Precision
from particleforge.quality.metric import metrics
from particleforge.quality.repeats import Repeats, Spread
from particleforge.wording import plural

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHOWN = "f1"
"""Metric of headline and plot."""


def repeats_report(
    found: Mapping[str, Repeats],
    seeds: int,
    precision: Precision,
    provenance: Mapping[str, object],
    warnings: Sequence[str] = (),
) -> Content:
    """Put repeated trainings into words, tables and a picture.

    Parameters
    ----------
    found
        Metrics by dataset.
    seeds
        Number of trainings of each arm.
    precision
        Precision of the intervals.
    provenance
        Plain data.
    warnings
        What readers should know first.
    """
    level = f"{precision.confidence_percent:g} %"
    return Content(
        title=f"Trainings repeated with {plural(seeds, 'seed')}",
        headline=[line for dataset, one in found.items() for line in _headline(dataset, one, len(found) > 1)],
        warnings=list(warnings),
        tables=[table for dataset, one in found.items() for table in _tables(dataset, one)],
        rules={
            "SD": "Standard deviation of single trainings, with n - 1.",
            "Over seeds": f"{level} interval of Student's t for the mean over seeds, and the paired t-test over seeds: "
            "they hold for other trainings like these, on these very images.",
            "Over images": f"{level} interval by a bootstrap over images, and a test in which the arms are exchanged "
            f"image by image {precision.resamples} times: they hold for other images like these, with these trainings.",
            "Which one": "An arm is better in general only if both intervals of the difference exclude 0. The p-values "
            "are those of single tests: among many, some are small by chance.",
        },
        provenance=as_yaml(provenance),
        plots=[
            Plot(svg(_plot(one)), f"{dataset}: F1 of each training, with the means.") for dataset, one in found.items()
        ],
    )


def _headline(dataset: str, one: Repeats, several: bool) -> list[tuple[str, str, str]]:
    place = f" on {dataset}" if several else ""
    return [
        (f"F1 of {arm}{place}", digits(own[SHOWN].mean), f"SD {digits(own[SHOWN].sd)}")
        for arm, own in one.values.items()
        if SHOWN in own
    ]


def _tables(dataset: str, one: Repeats) -> list[Table]:
    titles = {key: metric.TITLE for key, metric in metrics().items()}
    images = plural(one.images, "image")
    head, tables = ("", "Mean", "SD", "Interval over seeds", "Interval over images"), []
    for arm, own in one.values.items():
        rows = [(titles[key], *_row(spread)) for key, spread in own.items()]
        tables.append(Table(f"{arm} on {dataset} ({images})", head, rows))
    first = next(iter(one.values))
    for arm, own in one.differences.items():
        tested = [(titles[key], *_row(spread), _p(spread.p_seeds), _p(spread.p_images)) for key, spread in own.items()]
        columns = ("", "Difference", *head[2:], "p over seeds", "p over images")
        tables.append(Table(f"{arm} less {first} on {dataset}", columns, tested))
    return tables


def _row(one: Spread) -> tuple[str, str, str, str]:
    limits = [("-" if pair is None else with_limits(one.mean, *pair)[1]) for pair in (one.over_seeds, one.over_images)]
    return digits(one.mean), digits(one.sd), limits[0], limits[1]


def _p(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"


def _plot(one: Repeats) -> Figure:
    """F1 of each seed as a dot, means as lines."""
    fig = blank(2.6)
    axes = fig.subplots()
    finish(axes, "F1 by arm", "F1")
    arms = {name: own[SHOWN] for name, own in one.values.items() if SHOWN in own}
    for place, own in enumerate(arms.values()):
        colour = COLOURS[place % len(COLOURS)]
        axes.plot([place] * len(own.values), own.values, "o", color=colour, ms=4, mew=0, alpha=0.7)
        axes.plot([place - 0.2, place + 0.2], [own.mean] * 2, color=INK, lw=1.2)
    axes.set_xticks(range(len(arms)), list(arms))
    axes.set_xlim(-0.6, max(len(arms), 1) - 0.4)
    return laid_out(fig)
