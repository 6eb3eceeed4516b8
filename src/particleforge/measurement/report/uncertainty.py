"""The uncertainty budget in a report."""

import math

from particleforge.measurement.report.scale import Scale
from particleforge.measurement.report.table import Table
from particleforge.measurement.uncertainty.pixel_size import PixelSize
from particleforge.measurement.uncertainty.uncertainty import Uncertainty
from particleforge.wording import joined

HEAD = ("Component", "Type", "Evaluation", "u (%)", "u", "Share (%)")
FIGURE = "geometric_mean"
"""Figure whose budget is shown; results hold those of the others."""
_NOTE = (
    "u: standard uncertainty; share: of the variance. Type A: from the sample itself, B: otherwise (JCGM 100:2008). "
    "Budgets of GSD, D10, D50, D90 and count: JSON of the report."
)
_HINT = "Give the uncertainty of the pixel size with --pixel-size-uncertainty."


def budget_tables(uncertainty: Uncertainty, scale: Scale) -> list[Table]:
    """Return the budget of the geometric mean; none if it has no interval."""
    budget = uncertainty.budgets[FIGURE]
    value, combined = budget.sampled.value, budget.combined
    if value is None or combined is None:
        return []
    rows = []
    for one in uncertainty.components:
        standard = budget.standards.get(one.name)
        if standard is None:
            rows.append((one.title, "-", f"not included: {one.method}", "-", "-", "-"))
            continue
        share = 100 * standard**2 / combined**2 if combined else 0.0
        rows.append((one.title, one.evaluation, one.method, *_amounts(standard, value, scale), f"{share:.0f}"))
    expanded = budget.factor * combined
    confidence = f"k = {budget.factor:.3g}, {uncertainty.confidence_percent:g} %"
    rows += [
        ("Combined", "", "root of the sum of squares", *_amounts(combined, value, scale), ""),
        (
            "Expanded",
            "",
            f"{confidence}; the interval is that of sampling, widened",
            *_amounts(expanded, value, scale),
            "",
        ),
    ]
    head = [f"{title} ({scale.sign})" if title == "u" else title for title in HEAD]
    asked = uncertainty.unit == "nm" and any(one.name == PixelSize.name for one in uncertainty.missing)
    note = f"{_NOTE} {_HINT}" if asked else _NOTE
    return [Table("Uncertainty budget of the geometric mean", head, rows, note)]


def contents_of_intervals(uncertainty: Uncertainty) -> str:
    """State in a sentence what the intervals of the geometric mean hold, and what they do not."""
    held = [one.title.lower() for one in uncertainty.included]
    without = [one.title.lower() for one in uncertainty.missing]
    text = f"{uncertainty.confidence_percent:g} % intervals from {joined(held) or 'sampling'}"
    if len(held) <= 1:
        text += " alone"
    return text + (f"; not included: {joined(without)}." if without else ".")


def particles_present(uncertainty: Uncertainty) -> str:
    """State how many particles the images show, in truth; empty if nothing is known of the errors of detection."""
    one = uncertainty.budgets["count"].estimate
    if one.low is None or one.high is None:
        return ""
    shown = f"{math.floor(one.low)} to {math.ceil(one.high)}"
    return f"Particles really there, for {one.value} found: {shown} ({uncertainty.confidence_percent:g} %)."


def other_intervals(uncertainty: Uncertainty) -> str:
    """State which figures of a size distribution have narrower intervals; empty if none does."""
    known = {one.name for one in uncertainty.included}
    if not known - {"sampling", "pixel_size"}:
        return ""
    rest = "sampling and the pixel size" if "pixel_size" in known else "sampling alone"
    return (
        "By number, the intervals of D10, D50, D90, geometric mean and GSD hold all components of the uncertainty "
        f"budget; all other intervals hold {rest}."
    )


def _amounts(standard: float, value: float, scale: Scale) -> tuple[str, str]:
    """Uncertainty in percent and in the unit of the lengths, with two digits."""
    return _two(100 * standard), _two(value * standard * scale.factor)


def _two(value: float) -> str:
    return f"{value:.0f}" if not value or value >= 10 else f"{value:#.2g}"
