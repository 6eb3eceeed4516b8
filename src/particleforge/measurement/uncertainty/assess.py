"""Puts the components of the uncertainty of a measurement together."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from particleforge.measurement.measured import Measured
from particleforge.measurement.statistics.describe import Description
from particleforge.measurement.uncertainty.component import FIGURES, SIZE_FIGURES
from particleforge.measurement.uncertainty.detection import Detection
from particleforge.measurement.uncertainty.edge import Edge
from particleforge.measurement.uncertainty.pixel_size import PixelSize
from particleforge.measurement.uncertainty.uncertainty import Uncertainty

if TYPE_CHECKING:
    import pandas as pd

    from particleforge.measurement.rules import Rules


def of_image(
    measured: Measured, sampled: Description, finding: Mapping[str, Any], pixel_size: str | None = None
) -> Uncertainty:
    """Return the uncertainty of the figures of one image.

    Parameters
    ----------
    measured
        Its particles.
    sampled
        Their sizes, with the intervals of sampling alone.
    finding
        How they were found; may hold ``detection_error``.
    pixel_size
        Uncertainty of the pixel size as text; None if it is not known.
    """
    first, stop = measured.rows or (0, 0 if measured.labels is None else len(measured.labels))
    shape = None if measured.labels is None else (stop - first, measured.labels.shape[1])
    edge = Edge.of(measured.table, measured.rules, shape)
    further = (Detection.of(finding), PixelSize(pixel_size, sampled.unit), edge)
    return Uncertainty.of(sampled, len(measured.table), further)


def of_images(
    table: "pd.DataFrame",
    rules: "Rules",
    sampled: Description,
    images: Mapping[str, Mapping[str, Any]],
    pixel_size: str | None = None,
) -> Uncertainty:
    """Return the uncertainty of the figures of several images together.

    Parameters
    ----------
    table
        Their particles.
    rules
        The rules with which the table was made.
    sampled
        Their sizes, with the intervals of sampling alone.
    images
        Their entries in the summary, by name.
    pixel_size
        Uncertainty of all pixel sizes as text; None if it is not known.
    """
    weights = table.groupby("image")["weight"].sum()
    entries = {name: entry for name, entry in images.items() if entry["count"]}
    counts = [float(entry["count"]) for entry in entries.values()]
    shares = [float(weights.get(name, 0.0)) for name in entries]
    detection = Detection.pooled(
        [Detection.of(entry) for entry in entries.values()],
        {name: counts if name == "count" else shares for name in FIGURES},
    )
    sized = {name: share for name, share in zip(entries, shares, strict=True) if share}
    edge = Edge.pooled(rules, [_edge(entries[name]) for name in sized], list(sized.values()))
    return Uncertainty.of(sampled, len(table), (detection, PixelSize(pixel_size, sampled.unit), edge))


def _edge(entry: Mapping[str, Any]) -> dict[str, float]:
    """Read the effect of the border rule from the entry of an image; empty if it is not known."""
    figures = entry.get("uncertainty", {}).get("figures", {})
    found = {name: figures[name]["components"].get(Edge.name) for name in SIZE_FIGURES if name in figures}
    known = {name: one["standard_percent"] / 100 for name, one in found.items() if one}
    return known if len(known) == len(SIZE_FIGURES) else {}
