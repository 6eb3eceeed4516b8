"""Report of an evaluation: detectors side by side."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from particleforge.measurement.numbers import digits
from particleforge.measurement.report.content import Content, Plot, as_yaml
from particleforge.measurement.report.plots import svg
from particleforge.measurement.report.table import Table
from particleforge.measurement.statistics.bootstrap import FEWEST_IMAGES, Precision
from particleforge.measurement.statistics.describe import Estimate
from particleforge.quality.assessment import Assessment
from particleforge.quality.average_precision import LARGE, SMALL
from particleforge.quality.curves import CAPTION, curves
from particleforge.quality.gallery import LEGEND
from particleforge.quality.metric import Judged, metrics
from particleforge.wording import listed, plural


@dataclass(frozen=True, eq=False)
class Section:
    """What a report shows of a dataset.

    Parameters
    ----------
    name
        Name of the dataset.
    results
        Judged images by detector.
    assessment
        Metrics with intervals.
    failed
        Why images could not be judged, by detector and name.
    seconds
        Mean time that a detector took for an image; None where it is not known.
    gallery
        Pictures of the images with the lowest F1.
    whole
        Number of images in which whole particles are compared, including what others hide.
    """

    name: str
    results: Mapping[str, Sequence[Judged]]
    assessment: Assessment
    failed: Mapping[str, Mapping[str, str]]
    seconds: Mapping[str, float | None]
    gallery: Sequence[Plot] = ()
    whole: int = 0


def evaluation_report(
    sections: Sequence[Section], precision: Precision, provenance: Mapping[str, object], remarks: Sequence[str] = ()
) -> Content:
    """Put an evaluation into words, tables and pictures."""
    plots = [
        Plot(svg(figure), f"{one.name}. {CAPTION}") for one in sections if (figure := curves(one.results)) is not None
    ]
    return Content(
        title="Detectors judged on annotated images",
        headline=[line for one in sections for line in _headline(one, len(sections) > 1)],
        warnings=[*(line for one in sections for line in _warnings(one)), *remarks],
        tables=[table for one in sections for table in _tables(one)],
        rules=_rules(precision),
        provenance=as_yaml(provenance),
        plots=plots,
        pictures=[plot for one in sections for plot in one.gallery],
    )


def _headline(section: Section, several: bool) -> list[tuple[str, str, str]]:
    place = f" on {section.name}" if several else ""
    return [(f"F1 of {name}{place}", *own["f1"].text) for name, own in section.assessment.values.items()]


def failures(dataset: str, failed: Mapping[str, Mapping[str, str]], compared: int) -> list[str]:
    """State what could not be judged, by detector and image, and how many images are compared."""
    found = []
    for name, reasons in failed.items():
        if reasons:
            (image, reason), *_ = reasons.items()
            found.append(f"{dataset}: {plural(len(reasons), 'image')} not judged for {name}; {image}: {reason}")
    if found:
        found.append(f"{dataset}: only the {plural(compared, 'image')} judged for all detectors are compared.")
    if compared < FEWEST_IMAGES:
        found.append(f"{dataset}: there are no intervals over images, which need at least {FEWEST_IMAGES} of them.")
    return found


def _warnings(section: Section) -> list[str]:
    found = failures(section.name, section.failed, len(section.assessment.names))
    without = [name for name, images in section.results.items() if any(image.graded is None for image in images)]
    if without:
        found.append(f"{section.name}: no average precision for {listed(without)}, whose particles have no scores.")
    return found


def _tables(section: Section) -> list[Table]:
    values, differences = section.assessment.values, section.assessment.differences
    titles = {key: metric.TITLE for key, metric in metrics().items()}
    known = [key for key in titles if any(own[key].value is not None for own in values.values())]
    chance = section.assessment.by_chance
    rows = [
        (titles[key] + _band(chance.get(key)), *(" ".join(own[key].text).strip() for own in values.values()))
        for key in known
    ]
    rows.append(("Seconds per image", *(digits(section.seconds[name]) for name in values)))
    images = plural(len(section.assessment.names), "image")
    tables = [Table(f"{section.name}: {images}", ("", *values), rows, _sizes_note(section))]
    if differences:
        first = next(iter(values))
        rows = [(titles[key], *(_signed(own[key]) for own in differences.values())) for key in known]
        note = f"Value of the detector less that of {first}, on the same images. A star: the interval excludes 0."
        tables.append(Table(f"{section.name}: differences from {first}", ("", *differences), rows, note))
    return tables


def _band(chance: tuple[float, float] | None) -> str:
    return "" if chance is None else f" (by chance {digits(chance[0])}, up to {digits(chance[1])})"


def _signed(one: Estimate) -> str:
    value, limits = one.text
    clear = one.low is not None and one.high is not None and (one.low > 0 or one.high < 0)
    sign = "+" if one.value is not None and one.value > 0 else ""
    return f"{sign}{value} {limits}".strip() + (" *" if clear else "")


def _sizes_note(section: Section) -> str:
    """How many true particles have which size, since COCO's limits were made for photographs."""
    images = next(iter(section.results.values()))
    areas = [math.pi / 4 * float(one) ** 2 for image in images for one in image.true_sizes[:, 0]]
    small = sum(area < SMALL[1] for area in areas)
    large = sum(area > LARGE[0] for area in areas)
    whole = f"Whole particles, including what others hide: {plural(section.whole, 'image')}. " if section.whole else ""
    ranges = f"small {small}, medium {len(areas) - small - large}, large {large}"
    return f"{whole}{_classes(section)}True particles: {len(areas)}; {ranges}."


def _classes(section: Section) -> str:
    """State which classes are averaged over in the average precision, and which are found although there are none."""
    found: dict[str, int] = {}
    for images in section.results.values():
        for image in images:
            for name, graded in (image.graded or {}).get("any", {}).items():
                found[name] = found.get(name, 0) + graded.expected
    found.pop("", None)
    if not found:
        return ""
    strange = sorted(name for name, count in found.items() if not count)
    unknown = f"; found, but not among the true ones: {', '.join(strange)}" if strange else ""
    return f"Average precision over the classes {', '.join(sorted(found.keys() - set(strange)))}{unknown}. "


def _rules(precision: Precision) -> dict[str, str]:
    return {
        "Match": "A found particle is right if it overlaps a true one with the stated intersection over union (IoU).",
        "Average precision": "As in COCO, but all particles of an image count, not only the best 100. Small: up to "
        "32 x 32 px (a disc of 36 px), large: above 96 x 96 px (a disc of 108 px).",
        "Sizes": "Equal-area diameters; particles at the border are left out and compensated for (Miles-Lantuéjoul).",
        "By chance": "Jensen-Shannon divergence of two samples drawn with replacement from the true particles of each "
        "image: median and 95 % quantile. Below the quantile, the number of particles allows no smaller divergence.",
        "Outlines": LEGEND,
        "Not annotated": "Found particles of which more than half lies where nobody knows the particles do not count.",
        "Intervals": f"Bootstrap over images, {precision.confidence_percent:g} %: they hold for other images like "
        "these, not for other trainings of the same detector.",
    }
