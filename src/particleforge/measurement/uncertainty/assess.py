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
    edge = Edge.of(measured.table, measured.rules, measured.seen)
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
    found = {name: entry for name, entry in images.items() if entry["count"]}
    detections = {name: Detection.of(entry) for name, entry in found.items()}
    edges = {name: _edge(entry) for name, entry in found.items()}
    counts = {name: int(entry["count"]) for name, entry in found.items()}
    return _together(table, rules, sampled, (detections, edges, counts), pixel_size)


def of_tables(
    tables: Mapping[str, tuple["pd.DataFrame", tuple[int, int], Mapping[str, Any]]],
    table: "pd.DataFrame",
    rules: "Rules",
    sampled: Description,
    pixel_size: str | None = None,
) -> Uncertainty:
    """Return the uncertainty of the figures of several images together, from the particles of each.

    Parameters
    ----------
    tables
        By name of the image its particles, the shape (Y, X) of the part of it that shows the specimen, and how its
        particles were found, which may hold ``detection_error``.
    table
        The particles of all of them.
    rules, sampled, pixel_size
        As for `of_images`.
    """
    found = {name: one for name, one in tables.items() if len(one[0])}
    detections = {name: Detection.of(finding) for name, (_, _, finding) in found.items()}
    edges = {name: Edge.of(own, rules, shape).standards for name, (own, shape, _) in found.items()}
    counts = {name: len(own) for name, (own, _, _) in found.items()}
    return _together(table, rules, sampled, (detections, edges, counts), pixel_size)


def _together(
    table: "pd.DataFrame",
    rules: "Rules",
    sampled: Description,
    known: tuple[Mapping[str, Detection], Mapping[str, Mapping[str, float]], Mapping[str, int]],
    pixel_size: str | None,
) -> Uncertainty:
    """Pool what is known of images by name: errors of detection, effects of the border rule, counts of particles."""
    detections, edges, counts = known
    weights = table.groupby("image", observed=True)["weight"].sum()
    shares = {name: float(weights.get(name, 0.0)) for name in counts}
    numbers = {figure: [float(one) for one in (counts if figure == "count" else shares).values()] for figure in FIGURES}
    detection = Detection.pooled(list(detections.values()), numbers)
    sized = {name: share for name, share in shares.items() if share}
    edge = Edge.pooled(rules, [edges[name] for name in sized], list(sized.values()))
    return Uncertainty.of(sampled, len(table), (detection, PixelSize(pixel_size, sampled.unit), edge))


def _edge(entry: Mapping[str, Any]) -> dict[str, float]:
    """Read the effect of the border rule from the entry of an image; empty if it is not known."""
    figures = entry.get("uncertainty", {}).get("figures", {})
    found = {name: figures[name]["components"].get(Edge.name) for name in SIZE_FIGURES if name in figures}
    known = {name: one["standard_percent"] / 100 for name, one in found.items() if one}
    return known if len(known) == len(SIZE_FIGURES) else {}
