"""The figures of what is shown, as text."""

from collections.abc import Sequence
from html import escape

import numpy as np

from particleforge.measurement.report.comparison import deviation
from particleforge.measurement.statistics.compare import Comparison
from particleforge.measurement.statistics.describe import Estimate
from particleforge.widgets.bench.sizes.shown import Shown, Summary
from particleforge.wording import plural

WAIT = "…"
"""Stands for intervals that are being computed."""


def headline(shown: Shown, summary: Summary | None) -> str:
    """Return number, geometric mean, GSD and D50 of one group as HTML; without intervals until they are known."""
    if not shown.images:
        return "No particles yet. Find them in step 2."
    counted, total = shown.count, len(shown.table)
    if not counted:
        return f"<b>0 of {plural(total, 'particle')}</b> counted." if total else "<b>No particles were found.</b>"
    number = plural(total, "particle") if total == counted else f"{counted} of {total} particles counted"
    images = sum(len(group.pooled) for group in shown.groups)
    where = f" in {plural(images, 'image')}" if images > 1 else ""
    if len(shown.groups) > 1:
        return f"<b>{number}</b>{where}, {plural(len(shown.groups), 'group')}"
    figures = _figures(shown, shown.drawn[0].name, summary)
    first, *others = [f"{title} {text}" for title, text in figures]
    return f"<b>{number}</b>{where}, {first[:1].lower()}{first[1:]}<br>{', '.join(others)}"


def _figures(shown: Shown, name: str, summary: Summary | None) -> list[tuple[str, str]]:
    """Geometric mean, GSD and median in words, without intervals until they are known."""
    group = next(group for group in shown.drawn if group.name == name)
    known = None if summary is None else summary.figures.get(name)
    if known is None:
        middle, spread, median = _quickly(group.sizes.values, group.sizes.weights)
        known = {"geometric_mean": Estimate(middle), "gsd": Estimate(spread), "d50": Estimate(median)}
    texts = []
    for figure, title in (("geometric_mean", "Geometric mean"), ("gsd", "GSD"), ("d50", "median D50")):
        one = known[figure]
        if one.value is None:
            continue
        length = figure != "gsd"
        value, limits = (shown.scale.estimate(one) if length else one).text
        unit = f" {shown.scale.sign}" if length else ""
        texts.append((title, f"{value}{unit} {limits or (WAIT if summary is None else '')}".strip()))
    return texts


def _quickly(values: "np.ndarray[tuple[int], np.dtype[np.float64]]", weights: np.ndarray) -> tuple[float, float, float]:
    from particleforge.measurement.distribution import size_statistics

    found = size_statistics(values, weights)
    return found["geometric_mean"], found["gsd"], found["d50"]


def group_rows(shown: Shown, summary: Summary | None) -> list[tuple[str, ...]]:
    """Return a head and one row for each group: particles, images, geometric mean, GSD, D50."""
    head = ("Group", "Particles", "Images", f"Geo. mean ({shown.scale.sign})", "GSD")
    rows: list[tuple[str, ...]] = [head]
    for group in shown.groups:
        count, images = len(group.sizes), len(group.pooled)
        texts = dict(_figures(shown, group.name, summary)) if count else {}
        middle = texts.get("Geometric mean", "-").replace(f" {shown.scale.sign}", "", 1)
        spread = texts.get("GSD", "-").partition(" ")[0]
        rows.append((group.name, str(count), str(images), middle, spread))
    return rows


def group_html(shown: Shown, summary: Summary | None, colours: Sequence[str]) -> str:
    """Return the table of groups and their differences as HTML; each name in the colour of its curve."""
    head, *rows = group_rows(shown, summary)
    cells = "".join(f"<th align='{_side(place)}'>{escape(text)}</th>" for place, text in enumerate(head))
    lines = [f"<tr>{cells}</tr>"]
    for row, colour in zip(rows, colours, strict=True):
        name = f"<td><span style='color:{colour}'>■</span> {escape(row[0])}</td>"
        lines.append(f"<tr>{name}{''.join(f'<td align=right>{escape(text)}</td>' for text in row[1:])}</tr>")
    table = f"<table cellspacing=0 cellpadding=2 style='white-space:nowrap'>{''.join(lines)}</table>"
    return table + "".join(f"<p style='margin:3px 0 0 0'>{escape(text)}</p>" for text in differences(summary))


def differences(summary: Summary | None) -> list[str]:
    """Return a sentence on each group that is compared with the first."""
    if summary is None:
        return []
    return [difference(name, summary.reference, one) for name, one in summary.differences.items()]


def difference(name: str, reference: str, found: Comparison) -> str:
    """State how much the sizes of a group differ from those of the reference.

    With few images p is that of single particles, and knows nothing of differences between the images of a group.
    """
    middle = deviation(found.geometric_mean_percent, found.geometric_mean_interval)
    but = "" if found.regrouped == "images" else " if images of a group do not differ"
    return f"{name} against {reference}: geometric mean {middle}, p = {found.p_value:.2g}{but}"


def _side(place: int) -> str:
    return "right" if place else "left"
