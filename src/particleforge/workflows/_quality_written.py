"""Write how far sets are from real images: figures and a report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from particleforge.measurement.numbers import digits
from particleforge.measurement.report.write import write_pages
from particleforge.measurement.results_folder import write_json
from particleforge.measurement.statistics.bootstrap import FEWEST_IMAGES, Precision
from particleforge.quality.comparison import Compared
from particleforge.quality.sets_report import sets_report
from particleforge.wording import plural
from particleforge.workflows._describe import Looks

QUALITY, REPORT = "quality.json", "report.html"
FEWEST_FOR_HALVES = 4
"""With fewer real images some halves are single images."""


@dataclass(frozen=True)
class Judged:
    """Where a comparison with real images was written.

    Parameters
    ----------
    out
        The folder.
    data
        What ``quality.json`` holds.
    """

    out: Path
    data: dict[str, Any]

    def report(self) -> dict[str, Any]:
        """Plain data for text output or JSON."""
        main = next(iter(self.data["distances"].values()))["sets"]
        lines: dict[str, Any] = {}
        for name in self.data["ranked"]:
            units = main[name]["units"]
            by = "" if units is None else f", {digits(units)} times that of halves of the real images"
            lines[name] = f"distance {digits(main[name]['value'])}{by}"
        if warnings := self.data["warnings"]:
            lines["remarks"] = " ".join(warnings)
        if failed := sum(map(len, self.data["left_out"].values())):
            lines["not_measured"] = failed
        return {"report": str(self.out / REPORT), **lines} | self.data


def write_quality(
    out: Path, looks: Looks, compared: Compared, precision: Precision, provenance: Mapping[str, Any]
) -> Judged:
    """Write ``quality.json`` and the report.

    Raises
    ------
    UserError
        If the disk is full or not writable.
    """
    warnings = [*_warnings(looks), *_not_apart(compared)]
    origin = {"version": version("napari-particleforge"), **provenance}
    data = {
        "provenance": origin,
        "resolution_px": looks.resolution_px,
        "images": {one.name: len(one) for one in (looks.real, *looks.sets)},
        "diameter_px": dict(looks.diameters_px),
        "left_out": {name: dict(reasons) for name, reasons in looks.left_out.items() if reasons},
        "warnings": warnings,
        **compared.plain(),
    }
    report = sets_report(looks.real, looks.sets, compared, looks.tiles, precision, origin, warnings)
    write_pages(out / REPORT, report)
    write_json(out / QUALITY, data)
    return Judged(out, data)


def _not_apart(compared: Compared) -> list[str]:
    """State that real images differ among themselves as much as the sets from them."""
    farthest = next(iter(compared.far.values()))[compared.ranked[-1]]
    if farthest.units is None or farthest.units > 1:
        return []
    return [
        "Halves of the real images are as far from each other as all sets are from them: either no set can be "
        "distinguished from real ones, or these are of several materials. Compare with images of one material."
    ]


def _warnings(looks: Looks) -> list[str]:
    found = []
    count = len(looks.real)
    if count == 1:
        found.append("There is a single real image: nothing states how much images of this material differ by chance.")
    elif count < FEWEST_FOR_HALVES:
        found.append(f"There are only {count} real images, so halves are single images, and rough.")
    if 1 < count < FEWEST_IMAGES or any(len(one) < FEWEST_IMAGES for one in looks.sets):
        found.append(f"There are no intervals for sets, or real images, of fewer than {FEWEST_IMAGES} images.")
    if looks.coarsest:
        found.append(
            f"All images are compared at the resolution of {looks.coarsest}: particles of "
            f"{digits(looks.resolution_px)} px. Details that only finer images show do not count."
        )
    for name, reasons in looks.left_out.items():
        if reasons:
            image, reason = next(iter(reasons.items()))
            found.append(f"{name}: {plural(len(reasons), 'image')} left out; {image}: {reason}")
    return found
