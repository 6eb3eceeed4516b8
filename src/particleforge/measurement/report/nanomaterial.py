"""The definition of a nanomaterial in a report."""

from particleforge.measurement.nanomaterial import LIMIT_NM, NanoShare
from particleforge.measurement.report.scale import percent
from particleforge.measurement.report.table import Table
from particleforge.measurement.statistics.describe import Estimate

_NOTE = (
    "Screening only: the Recommendation defines a nanomaterial by 50 % or more of the particles by number with an "
    "external dimension of 1 to 100 nm, where constituent particles of aggregates count one by one. Projections do not "
    "show the thickness of plates, and particles that were missed are not among them."
)


def nano_tables(found: NanoShare | None) -> list[Table]:
    """Return the share of particles that count, and the verdict; none if it is not known."""
    if found is None:
        return []
    share = percent(Estimate(found.share, found.low, found.high))
    sizes = "" if found.sizes_included else " of sampling alone"
    rows = [
        (f"Share by number, minimum Feret diameter up to {LIMIT_NM:g} nm", share),
        ("Screening", found.sentence),
    ]
    note = f"{found.confidence_percent:g} % interval{sizes}. {_NOTE}"
    return [Table("EU definition of a nanomaterial, 2022/C 229/01", ("", "Result"), rows, note)]
