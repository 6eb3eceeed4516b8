"""The ASTM grain size in a report."""

from collections.abc import Mapping
from typing import Any

from particleforge.measurement.numbers import digits
from particleforge.measurement.report.scale import percent
from particleforge.measurement.report.table import Table
from particleforge.measurement.statistics.describe import Estimate

METHOD_TITLES = {"planimetric": "Planimetric", "intercept": "Lines", "circles": "Circles"}
_NOTE = (
    "G by the formulas of ASTM E112. Planimetric (Jeffries): grains inside, half of those that the frame cuts, a "
    "quarter of those at its corners. Lines (Heyn) in four directions and three concentric circles (Abrams): every "
    "change from one grain to another is one boundary. Twins count if they are labelled as grains. In brackets: "
    "interval of sampling alone, from how parts of the image, or whole images, differ."
)


def grain_size_tables(found: Mapping[str, Any] | None) -> list[Table]:
    """Return the grain size by each method, and the shares of phases; none if it was not asked for."""
    if found is None:
        return []
    grains, rows = found["planimetric"], []
    figures = {
        "planimetric": f"{digits(grains['mean_area_um2'])} µm² mean area, {digits(grains['grains'])} grains",
        **{method: _intercepts(found[method]) for method in ("intercept", "circles")},
    }
    for method, title in METHOD_TITLES.items():
        accuracy = found[method]["accuracy_percent"]
        shown = "" if accuracy is None else f"± {accuracy:.2g} %"
        rows.append((title, numbers_text(found[method]), figures[method], shown))
    head = ("", "G", "from", "relative accuracy")
    note = f"{_NOTE} ISO 643: G {grains['iso_643_G']:.2f}, planimetric."
    tables = [Table("Grain size, ASTM E112", head, rows, note)]
    if phases := found.get("phases"):
        shares = [(name, percent(Estimate(one["share"], one["low"], one["high"]))) for name, one in phases.items()]
        tables.append(Table("Phases", ("", "Share of the area of all grains"), shares))
    return tables


def numbers_text(one: Mapping[str, Any]) -> str:
    """Format G with its interval."""
    return "not known" if one["G"] is None else f"{one['G']:.2f} [{one['low']:.2f}, {one['high']:.2f}]"


def _intercepts(one: Mapping[str, Any]) -> str:
    if one["mean_intercept_um"] is None:
        return "no boundary crossed"
    return f"{digits(one['mean_intercept_um'])} µm mean intercept, {one['crossings']} boundaries"
