"""The content of a report, before layout."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
import yaml

from particleforge.measurement.columns import SIZES
from particleforge.measurement.measured import Measured
from particleforge.measurement.methods import methods
from particleforge.measurement.numbers import digits
from particleforge.measurement.report.grain_size import grain_size_tables
from particleforge.measurement.report.nanomaterial import nano_tables
from particleforge.measurement.report.scale import Scale
from particleforge.measurement.report.table import Table
from particleforge.measurement.report.uncertainty import (
    budget_tables,
    contents_of_intervals,
    other_intervals,
    particles_present,
)
from particleforge.measurement.report.warnings import warnings_of
from particleforge.measurement.rules import Rules
from particleforge.measurement.shape_class import CLASSES
from particleforge.measurement.statistics.compare import log_figures
from particleforge.measurement.statistics.describe import Description, Estimate
from particleforge.measurement.statistics.figures import FIGURES, WEIGHTINGS
from particleforge.measurement.statistics.sizes import Sizes
from particleforge.measurement.uncertainty.assess import of_image
from particleforge.measurement.uncertainty.sampling import DRAWN
from particleforge.measurement.uncertainty.uncertainty import Uncertainty
from particleforge.wording import joined, plural

if TYPE_CHECKING:
    import pandas as pd

FIGURE_NAMES = {
    "d10": "D10",
    "d50": "D50 (median)",
    "d90": "D90",
    "span": "Span (D90 - D10)/D50",
    "mean": "Arithmetic mean",
    "geometric_mean": "Geometric mean",
    "gsd": "GSD",
    "skewness": "Skewness",
    "mode": "Mode (of ln d)",
}
_PURE = ("span", "gsd", "skewness")
SHAPES = {
    "aspect_ratio": "Aspect ratio (Feret)",
    "circularity": "Circularity 4πA/P²",
    "roundness": "Roundness 4A/πFmax²",
    "solidity": "Solidity",
    "convexity": "Convexity",
}
_MOST_ROWS = 2000
_MOST_LISTED = 12
_STAR = " *"
_STARRED = "* Too few particles determine this figure, so its interval is too narrow."


@dataclass(frozen=True)
class Plot:
    """A picture of a report as SVG, with its caption."""

    svg: str
    caption: str


@dataclass(frozen=True)
class Content:
    """All text, numbers and pictures of a report.

    Parameters
    ----------
    title
        What was measured.
    headline
        Key figures: name, value, interval.
    warnings
        What readers should know before they use them.
    tables
        Statistics, shapes, fits.
    notes
        Explanations of the key figures.
    plots
        Pictures above the tables.
    pictures
        Pictures below the tables.
    methods
        How it was measured, as a paragraph for a paper.
    rules
        All choices made, by name.
    provenance
        Origin of the data, as YAML.
    particles
        The particles themselves; None if there are too many.
    """

    title: str
    headline: list[tuple[str, str, str]]
    warnings: list[str]
    tables: list[Table]
    rules: dict[str, str]
    provenance: str
    particles: Table | None = None
    notes: Sequence[str] = ()
    plots: Sequence[Plot] = ()
    pictures: Sequence[Plot] = ()
    methods: str = ""
    version: str = field(default_factory=lambda: version("napari-particleforge"))


def content(measured: Measured, description: Description, provenance: Mapping[str, Any]) -> Content:
    """Put the results of one measured image, or of several together, into words."""
    scale, table, rules = Scale.of(description), measured.table, measured.rules
    uncertainty = measured.uncertainty or of_image(measured, description, {})
    return Content(
        title=measured.name or "Particles",
        headline=headline(description, scale, table),
        warnings=warnings_of(measured, description, scale),
        tables=[
            *_sizes(description, scale, other_intervals(uncertainty)),
            *budget_tables(uncertainty, scale),
            *nano_tables(measured.nano),
            *grain_size_tables(measured.grain_size),
            *_fits(description, scale),
            *shape_tables(table, rules, scale if description.count else None),
            *_needs(description),
        ],
        rules={
            "Pixel size": _pixel_size(measured, description),
            **rules.sentences(),
            **_data_bar(measured),
            "Intervals": _intervals(uncertainty),
        },
        provenance=as_yaml({name: value for name, value in provenance.items() if name != "method"}),
        particles=_particles(table, scale) if 0 < len(table) <= _MOST_ROWS else None,
        notes=_notes(uncertainty, rules) if description.count else [],
        methods=measured.methods or methods(table, rules, uncertainty, provenance, {}),
    )


def _notes(uncertainty: Uncertainty, rules: Rules) -> list[str]:
    """Explain how particles are counted, and what the key figures are."""
    weighting = rules.border.weighting
    return [
        *([f"Counts are weighted: {weighting}."] if weighting else []),
        "GSD: geometric standard deviation. D10, D50, D90: 10, 50 and 90 % of the particles are smaller.",
        f"In brackets: {contents_of_intervals(uncertainty)}",
        *([present] if (present := particles_present(uncertainty)) else []),
    ]


def as_yaml(data: Mapping[str, Any]) -> str:
    """Plain data as YAML, short mappings on one line; empty if there are none.

    Numbers have six significant digits and long lists of numbers only their ends; results hold all of them.
    """
    if not data:
        return ""
    text: str = yaml.safe_dump(
        _short(dict(data)), sort_keys=False, allow_unicode=True, default_flow_style=None, width=100
    )
    return text.strip()


def _short(data: Any) -> Any:
    """Plain data with as many digits and numbers as people read."""
    if isinstance(data, Mapping):
        return {key: _short(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        if len(data) > _MOST_LISTED and all(isinstance(one, (int, float)) for one in data):
            return [*_short(data[:3]), f"... {len(data) - 6} more ...", *_short(data[-3:])]
        return [_short(one) for one in data]
    return float(f"{data:.6g}") if isinstance(data, float) else data


def headline(description: Description, scale: Scale, table: "pd.DataFrame") -> list[tuple[str, str, str]]:
    """Count, geometric mean, GSD and D50 with their intervals."""
    counted, found = int((table["weight"] > 0).sum()), len(table)
    lines = [("Particles counted", f"{counted}", "" if found == counted else f"of {found} found{_excluded(table)}")]
    for name, title in (("geometric_mean", "Geometric mean"), ("gsd", "GSD"), ("d50", "D50")):
        one = description.figures["number"][name]
        if one.value is not None:
            one, unit = (one, "") if name in _PURE else (scale.estimate(one), f" {scale.sign}")
            value, limits = one.text
            lines.append((title, value + unit, limits))
    return lines


def _excluded(table: "pd.DataFrame") -> str:
    """Count the particles that do not count, by reason."""
    if "excluded" not in table:
        return ""
    reasons = table["excluded"][table["weight"] == 0].value_counts()
    reasons = reasons[(reasons > 0) & (reasons.index != "")]
    return f" ({', '.join(f'{count} {reason}' for reason, count in reasons.items())})" if len(reasons) else ""


def shape_tables(table: "pd.DataFrame", rules: Rules, scale: Scale | None) -> list[Table]:
    """Distributions of shape, and classes with their sizes; without sizes if there is no common scale."""
    counts = (table["weight"] > 0).to_numpy()
    if not counts.any():
        return []
    rows = []
    for name, title in SHAPES.items():
        low, middle, high = np.nanquantile(table[name].to_numpy(float)[counts], (0.1, 0.5, 0.9))
        rows.append((title, f"{low:.3f}", f"{middle:.3f}", f"{high:.3f}"))
    shapes = Table("Shape", ("", "10 %", "50 %", "90 %"), rows, "Percentiles by number, unweighted.")
    sized = ("class", "weight", "image", *(name for name in SIZES[rules.size].names if name in table))
    counted = table.loc[counts, list(sized)]
    total, lines = counted["weight"].sum(), []
    for name in sorted(counted["class"].unique(), key=_rank):
        own = counted[counted["class"] == name]
        share = 100 * own["weight"].sum() / total
        sizes = () if scale is None else _class_sizes(Sizes.of(own, rules), scale)
        lines.append((str(name), str(len(own)), f"{share:.1f} %", *sizes))
    head = ("Outline", "Count", "Share", *(() if scale is None else ("Geometric mean", "GSD")))
    return [shapes, Table("Classes of outlines", head, lines, "Classified by the visible outline, not by the body.")]


def _rank(name: str) -> int:
    """Place of a class among those of the rule; others follow."""
    return CLASSES.index(name) if name in CLASSES else len(CLASSES)


def _class_sizes(sizes: Sizes, scale: Scale) -> tuple[str, str]:
    """Geometric mean and GSD of at least one particle."""
    middle, spread = log_figures(sizes)
    return scale.format(math.exp(middle)), "" if len(sizes) == 1 else f"{math.exp(spread):.2f}"


def _sizes(description: Description, scale: Scale, remark: str) -> list[Table]:
    """Figures by weighting, and moment means; none if no particle counts."""
    if not description.count:
        return []
    sizes = _statistics(description, scale)
    return [replace(sizes, note=f"{remark} {sizes.note}".strip()), _moments(description, scale)]


def _statistics(description: Description, scale: Scale) -> Table:
    rows = []
    for name in FIGURES:
        cells = []
        for weighting in WEIGHTINGS:
            one = description.figures[weighting][name]
            one = one if name in _PURE else scale.estimate(one)
            cells.append(cell(one))
        rows.append((FIGURE_NAMES[name], *cells))
    head = ("", *(f"by {weighting}" for weighting in WEIGHTINGS))
    return Table(f"Size distribution ({scale.sign})", head, rows, note(rows))


def note(rows: Sequence[Sequence[str]]) -> str:
    """Explain the star, if there is one."""
    return _STARRED if any(_STAR in text for row in rows for text in row[1:]) else ""


def cell(one: Estimate) -> str:
    """Value and interval, with a star if too few particles determine them."""
    mark = "" if one.supported or one.value is None else _STAR
    value, limits = one.text
    return f"{value}{mark} {limits}".strip()


def _moments(description: Description, scale: Scale) -> Table:
    moments = description.figures["moments"]
    rows = [(name, cell(scale.estimate(one))) for name, one in moments.items()]
    return Table("Moment means, ISO 9276-2", ("", scale.sign), rows, note(rows))


def _fits(description: Description, scale: Scale) -> list[Table]:
    ranked, mode = description.fits.ranked, description.fits.second_mode
    if not ranked or mode is None:
        return []
    rows = []
    for number, fitted in enumerate(ranked):
        cells = []
        for name, value in fitted.fit.parameters().items():
            one = description.fit_intervals.get(name, Estimate(value)) if number == 0 else Estimate(value)
            one = scale.estimate(one) if name in fitted.fit.lengths else one
            cells.append(" ".join([name.replace("_", " "), *one.text]).strip())
        rows.append((fitted.fit.name, f"{fitted.aic - ranked[0].aic:.1f}", "; ".join(cells)))
    note = (
        f"{mode.why} ΔAIC is the difference from the first fit, which is the one drawn; "
        "within 2, fits are about equally good. Fits by number; intervals of sampling alone."
    )
    return [Table("Fitted distributions", ("", "ΔAIC", f"Parameters ({scale.sign})"), rows, note)]


def _needs(description: Description) -> list[Table]:
    if not description.more_needed:
        return []
    names = {"geometric_mean": "Geometric mean", "d50": "D50", "D[4,3]": "D[4,3]"}
    known = {None: "unknown: too few particles", 0: "enough"}
    rows = [
        (names[name], known.get(more) or plural(more or 0, "particle"))
        for name, more in description.more_needed.items()
    ]
    title = f"Particles needed for an interval of ± {description.wanted_percent:g} %"
    return [
        Table(
            title,
            ("", "Additional particles"),
            rows,
            "D[4,3]: from the geometric mean and GSD of a log-normal distribution (Masuda and Iinoya).",
        )
    ]


def _pixel_size(measured: Measured, description: Description) -> str:
    if measured.pixel_size_nm is not None:
        return f"{measured.pixel_size_nm:.5g} nm"
    if not description.count and (measured.table["weight"] > 0).any():
        return "individual for each image; unknown for some"
    return "unknown" if description.unit == "px" else "individual for each image"


def _data_bar(measured: Measured) -> dict[str, str]:
    if measured.rows is None:
        return {}
    return {"Data bar": f"left out; rows {measured.rows[0]} to {measured.rows[1] - 1} show the specimen"}


def _intervals(uncertainty: Uncertainty) -> str:
    """State how the intervals were computed."""
    middle = uncertainty.budgets["geometric_mean"].sampled
    if middle.value is None:
        return "none"
    if middle.low is None:
        return "none: too few particles"
    drawn = DRAWN[uncertainty.sampling.resampled]
    drawn += "" if uncertainty.sampling.resampled == "images" else ", assumed to be independent"
    text = f"{uncertainty.confidence_percent:g} %, by resampling {drawn} (bootstrap)"
    further = [one.title.lower() for one in uncertainty.included if one is not uncertainty.sampling]
    return f"{text}, widened for {joined(further)} (k = {uncertainty.factor:.3g})" if further else text


def _particles(table: "pd.DataFrame", scale: Scale) -> Table:
    unit = "px" if scale.sign == "px" else "nm"
    factor = scale.factor
    columns = {"ecd": "Equal-area Ø", "feret_max": "Feret max", "feret_min": "Feret min"}
    named = table["image"].nunique() > 1
    reasons = table.get("excluded")
    any_excluded = reasons is not None and bool((table["weight"] == 0).any())
    rows = []
    for row in table.to_dict("records"):
        own = (str(row["image"]), str(row["label"])) if named else (str(row["label"]),)
        lengths = (digits(float(row[f"{name}_{unit}"]) * factor) for name in columns)
        shape = (f"{row['aspect_ratio']:.2f}", f"{row['circularity']:.2f}", str(row["class"]))
        excluded = row["weight"] == 0
        weight = "" if excluded else f"{row['weight']:.2f}"
        reason = (str(row["excluded"]) if excluded else "",) if any_excluded else ()
        rows.append((*own, *lengths, *shape, weight, *reason))
    lengths = (f"{title} ({scale.sign})" for title in columns.values())
    last = ("Excluded because",) if any_excluded else ()
    head = (*(["Image"] if named else []), "No.", *lengths, "Aspect", "Circ.", "Outline", "Weight", *last)
    return Table("Particles", head, rows)
