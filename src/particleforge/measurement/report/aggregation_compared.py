"""Aggregation of several samples side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from particleforge.measurement.aggregation.degree import AGGREGATES, Aggregation
from particleforge.measurement.report.aggregation import HEAD, TITLES, draw_groups, group_cells, scale_of
from particleforge.measurement.report.content import Plot, cell, note
from particleforge.measurement.report.plots import blank, entitle, laid_out, legend_below, svg
from particleforge.measurement.report.scale import percent
from particleforge.measurement.report.table import Table

_CAPTION = "Single particles, particles in aggregates and aggregates of each sample."


def compared_tables(several: Mapping[str, Aggregation]) -> list[Table]:
    """Return the degree of aggregation of samples by name, and the sizes of each group of each sample."""
    if not several:
        return []
    scale = scale_of(list(several.values()))
    lines = [
        (
            name,
            percent(found.by_number),
            percent(found.by_volume),
            cell(found.particles),
            cell(found.coordination),
            f"{len(found.groups[AGGREGATES].sizes)} of {len(found.table)}",
        )
        for name, found in several.items()
    ]
    head = ("", "By number", "By volume", "Particles per aggregate", "Contacts per particle", "Aggregates counted")
    rows = [
        (f"{name}: {title.lower()}", *group_cells(found.groups[key], "by_number", scale))
        for key, title in TITLES.items()
        for name, found in several.items()
    ]
    sizes = Table(f"Single and aggregated particles, by number ({scale.sign})", ("", *HEAD), rows, note(rows))
    return [Table("Degree of aggregation", head, lines, note(lines)), sizes]


def compared_plots(several: Mapping[str, Aggregation], styles: Mapping[str, Mapping[str, Any]]) -> list[Plot]:
    """Return cumulative curves of each group, with the style of each sample; nothing if no sample has an aggregate."""
    if not any(len(found.groups[AGGREGATES].sizes) for found in several.values()):
        return []
    fig, scale = blank(2.6), scale_of(list(several.values()))
    for axes, (key, title) in zip(fig.subplots(1, len(TITLES)), TITLES.items(), strict=True):
        draw_groups(axes, {name: (found.groups[key], styles[name]) for name, found in several.items()}, scale)
        entitle(axes, title)
    return [Plot(svg(laid_out(fig, legend_below(fig))), _CAPTION)]
