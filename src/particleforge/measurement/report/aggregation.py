"""The section of a report on single and aggregated particles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from particleforge.measurement.aggregation.degree import AGGREGATED, AGGREGATES, SINGLE, Aggregation
from particleforge.measurement.aggregation.figures import NAMES, Group
from particleforge.measurement.figures import log_ticks
from particleforge.measurement.picture import INK, TEXT_PT
from particleforge.measurement.report.content import Plot, cell, note
from particleforge.measurement.report.plots import blank, draw_cumulative, finish, laid_out, legend_below, svg
from particleforge.measurement.report.scale import Scale, percent
from particleforge.measurement.report.table import Table
from particleforge.measurement.statistics.describe import Estimate
from particleforge.wording import plural

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TITLES = {SINGLE: "Single particles", AGGREGATED: "Particles in aggregates", AGGREGATES: "Aggregates"}
HEAD = ("Count", "Geometric mean", "GSD", "D10", "D50", "D90")
_STYLES: dict[str, dict[str, Any]] = {
    SINGLE: {"color": "#0072B2", "ls": "-"},
    AGGREGATED: {"color": "#D55E00", "ls": (0, (4, 1.5))},
    AGGREGATES: {"color": "#009E73", "ls": (0, (1, 1))},
}
_NOTE = (
    "Particles count by the border rule one by one, aggregates as wholes: one that touches the border is not complete. "
    "Intervals are of sampling alone and keep the particles of an aggregate together. A micrograph does not "
    "distinguish firmly bound aggregates, loose agglomerates and particles that came to lie side by side."
)
_CAPTION = "Sizes of single particles, of particles in aggregates and of aggregates; number of particles per aggregate."
_MOST_CUT = 0.3
_MASSES = (("mg", 1e-12), ("µg", 1e-9), ("ng", 1e-6), ("pg", 1e-3), ("fg", 1.0), ("ag", 1e3))
"""Units of mass, the largest first, and what a femtogram is in them."""


def aggregation_tables(found: Aggregation | None) -> list[Table]:
    """Return the degree of aggregation, then sizes of single and aggregated particles side by side; none if unknown."""
    if found is None or found.by_number.value is None:
        return []
    scale, by_volume = scale_of([found]), "mass" if _weighed(found) else "volume"
    lines = {
        "Particles in aggregates, by number": percent(found.by_number),
        f"Particles in aggregates, by {by_volume}": percent(found.by_volume),
        "Particles per aggregate": cell(found.particles),
        "Contacts per particle of an aggregate": cell(found.coordination),
        "Aggregates counted": f"{len(found.groups[AGGREGATES].sizes)} of {len(found.table)} found",
    }
    tables = [Table("Degree of aggregation", ("", "Value"), list(lines.items()), _NOTE)]
    for weighting, title in (("by_number", "by number"), ("by_volume", f"by {by_volume}")):
        rows = [(TITLES[name], *group_cells(one, weighting, scale)) for name, one in found.groups.items()]
        heading = f"Single and aggregated particles, {title} ({scale.sign})"
        tables.append(Table(heading, ("", *HEAD), rows, note(rows)))
    return [*tables, *([_masses(found)] if _weighed(found) else [])]


def aggregation_plots(found: Aggregation | None) -> list[Plot]:
    """Return sizes of the groups next to the numbers of particles per aggregate; nothing if no aggregate counts."""
    if found is None or not len(found.groups[AGGREGATES].sizes):
        return []
    fig = blank(2.9)
    sizes, numbers = fig.subplots(1, 2)
    draw_groups(sizes, {TITLES[name]: (one, _STYLES[name]) for name, one in found.groups.items()}, scale_of([found]))
    whole = found.table[found.table["weight"] > 0]
    shares = np.bincount(whole["particles"].to_numpy(np.int64), whole["weight"].to_numpy(float))
    finish(numbers, "Particles per aggregate", "Aggregates (%)")
    shown = np.flatnonzero(shares)
    numbers.bar(shown, 100 * shares[shown] / shares.sum(), color=_STYLES[AGGREGATES]["color"], edgecolor="white")
    numbers.set_xlabel("Number of particles", fontsize=TEXT_PT, color=INK)
    numbers.locator_params(axis="x", integer=True)
    return [Plot(svg(laid_out(fig, legend_below(fig))), _CAPTION)]


def aggregation_warnings(found: Aggregation | None) -> list[str]:
    """Warn if those inside hardly represent all aggregates, because many are cut."""
    if found is None:
        return []
    cut, every = int(found.table["touches_border"].sum()), len(found.table)
    if cut <= _MOST_CUT * every:
        return []
    return [
        f"{cut} of {plural(every, 'aggregate')} touch the border, so their sizes are unknown; those larger than the "
        "image are missing. Use images of a lower magnification for the sizes of aggregates."
    ]


def scale_of(several: list[Aggregation]) -> Scale:
    """Choose one unit for the sizes of all groups."""
    medians = [one.by_number["d50"].value for found in several for one in found.groups.values()]
    return Scale.fitting(several[0].unit, max((one for one in medians if one is not None), default=None))


def group_cells(group: Group, weighting: str, scale: Scale) -> tuple[str, ...]:
    """Count and figures of a group, as in `HEAD`."""
    figures: Mapping[str, Estimate] = getattr(group, weighting)
    ordered = (figures[name] if name == "gsd" else scale.estimate(figures[name]) for name in NAMES)
    return (str(len(group.sizes)), *map(cell, ordered))


def draw_groups(axes: Axes, groups: Mapping[str, tuple[Group, Mapping[str, Any]]], scale: Scale) -> None:
    """Draw cumulative curves of groups by title, each with its style; those without a size are left out."""
    finish(axes, "Cumulative, by number", "Smaller (%)")
    axes.set_xlabel(f"Size ({scale.sign})", fontsize=TEXT_PT, color=INK)
    shown = {title: (group.sizes, style) for title, (group, style) in groups.items() if len(group.sizes)}
    for title, (sizes, style) in shown.items():
        draw_cumulative(axes, sizes.values * scale.factor, sizes.weights, label=title, **style)
    if not shown:
        return
    low = min(float(sizes.values[0]) for sizes, _ in shown.values()) * scale.factor
    high = max(float(sizes.values[-1]) for sizes, _ in shown.values()) * scale.factor
    if high > low:
        log_ticks(axes, low, high)


def _masses(found: Aggregation) -> Table:
    """Mean masses, in one unit for all groups."""
    masses = {name: one.mean_mass_fg for name, one in found.groups.items() if one.mean_mass_fg is not None}
    largest = max(one.value for one in masses.values() if one.value is not None)
    sign, factor = next(((sign, factor) for sign, factor in _MASSES if largest * factor >= 1), _MASSES[-1])
    rows = [(TITLES[name], cell(Scale(sign, factor).estimate(one))) for name, one in masses.items()]
    return Table("Mean mass", ("", sign), rows)


def _weighed(found: Aggregation) -> bool:
    return any(one.mean_mass_fg is not None for one in found.groups.values())
