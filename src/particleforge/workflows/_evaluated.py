"""Write an evaluation: metrics, a table of images, figures, a report."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic import Field

from particleforge.measurement.certainty import certainty_words
from particleforge.measurement.report.content import Plot
from particleforge.measurement.report.plots import svg
from particleforge.measurement.report.write import write_pages
from particleforge.measurement.results_folder import write_json
from particleforge.measurement.statistics.bootstrap import Precision
from particleforge.params import Params
from particleforge.quality.assessment import assess
from particleforge.quality.curves import curves
from particleforge.quality.gallery import picture
from particleforge.quality.metric import metrics
from particleforge.quality.report import Section, evaluation_report
from particleforge.step import Progress, Step, part
from particleforge.store.files import atomic_write, new_part
from particleforge.workflows._candidates import Candidate
from particleforge.workflows._judging import JudgedDataset, JudgedImage

EVALUATION, IMAGES, REPORT, FIGURES = "evaluation.json", "images.csv", "report.html", "figures"
COUNTS = ("true", "found", "right", "missed", "surplus")


class Reporting(Params):
    """What is computed and shown of an evaluation."""

    precision: Precision = Field(Precision(), description="Confidence of the intervals and number of resamples.")
    gallery: int = Field(
        6,
        ge=0,
        le=100,
        description="Number of images that the report shows for each detector, those with the lowest F1.",
    )


@dataclass(frozen=True)
class Evaluated:
    """Where an evaluation was written.

    Parameters
    ----------
    out
        The folder.
    data
        What ``evaluation.json`` holds.
    """

    out: Path
    data: dict[str, Any]

    def report(self) -> dict[str, Any]:
        """Plain data for text output or JSON."""
        lines = {}
        for dataset, section in self.data["datasets"].items():
            for name, own in section["values"].items():
                shown = {key: one["value"] for key, one in own.items() if one["value"] is not None}
                lines[f"{name} on {dataset}"] = ", ".join(f"{key} {value:.3g}" for key, value in shown.items())
        failed = sum(len(own) for one in self.data["datasets"].values() for own in one["failed"].values())
        return {
            "report": str(self.out / REPORT),
            **lines,
            **({"not_measured": failed} if failed else {}),
            "datasets": self.data["datasets"],
        }


def write_evaluation(
    out: Path,
    judged: Mapping[str, JudgedDataset],
    candidates: Sequence[Candidate],
    params: Reporting,
    provenance: Mapping[str, Any],
) -> Step[Evaluated]:
    """Compute all metrics with their intervals, and write the files.

    Raises
    ------
    UserError
        If the disk is full or not writable.
    """
    sections, remarks = [], []
    for done, (name, one) in enumerate(judged.items()):
        common = one.common
        found = yield from part(assess(common, params.precision), done / len(judged), (done + 1) / len(judged))
        gallery = list(_gallery(name, one, candidates, params.gallery))
        sections.append(Section(name, common, found, one.failed, _seconds(one), gallery, len(one.whole)))
        remarks += one.remarks
    yield Progress(1, 1, "Writing the report")
    data = {
        "provenance": {"version": version("napari-particleforge"), **provenance},
        "datasets": {
            one.name: {
                **one.assessment.plain(),
                "failed": one.failed,
                "seconds": one.seconds,
                "whole": sorted(judged[one.name].whole),
            }
            for one in sections
        },
    }
    write_images(out / IMAGES, judged)
    for section in sections:
        if (figure := curves(section.results)) is not None:
            with atomic_write(new_part(out, FIGURES) / f"precision_recall_{section.name}.svg") as path:
                path.write_text(svg(figure), encoding="utf-8")
    write_pages(out / REPORT, evaluation_report(sections, params.precision, data["provenance"], remarks))
    write_json(out / EVALUATION, data)
    return Evaluated(out, data)


def _seconds(judged: JudgedDataset) -> dict[str, float | None]:
    """Mean time for an image, by candidate."""
    found = {}
    for name in judged.usable:
        times = [image.seconds for image in judged.images[name].values() if image.seconds is not None]
        found[name] = sum(times) / len(times) if times else None
    return found


def _gallery(dataset: str, judged: JudgedDataset, candidates: Sequence[Candidate], count: int) -> Iterator[Plot]:
    """Draw the images with the lowest F1 of each candidate; images and what was found are read again."""
    for candidate in candidates:
        images = judged.images[candidate.name]
        worst = sorted(images, key=lambda name: images[name].judged.score.f1)[:count]
        for name in worst:
            truth = next(one for one in judged.cases[name].read() if one.name == name)
            drawn = picture(truth.micrograph.grey, truth.particles, candidate.find(dataset, truth).particles)
            yield Plot(drawn, f"{candidate.name} on {dataset}, {name}: {_words(images[name])}.")


def _words(image: JudgedImage) -> str:
    score = image.judged.score
    counts = f"{score.hits} right, {score.missed} missed, {score.false} wrong"
    return ", ".join([f"F1 {score.f1:.2f}", counts, *certainty_words(image.finding)])


def write_images(path: Path, judged: Mapping[str, JudgedDataset]) -> None:
    """Write a row for each image and candidate, with the metrics of this image alone."""
    rated = metrics()
    with atomic_write(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("dataset", "image", "detector", *COUNTS, *rated, "certainty", "seconds", "not_judged"))
        for dataset, one in judged.items():
            for detector, images in one.images.items():
                for name, image in images.items():
                    values = [metric.compute([image.judged]) for metric in rated.values()]
                    about = (image.finding.get("certainty"), image.seconds, None)
                    table.writerow((dataset, name, detector, *_counts(image), *map(_cell, (*values, *about))))
                for name, reason in one.failed[detector].items():
                    table.writerow((dataset, name, detector, *[""] * (len(COUNTS) + len(rated) + 2), reason))


def _counts(image: JudgedImage) -> tuple[int, ...]:
    score = image.judged.score
    return score.hits + score.missed, score.hits + score.false, score.hits, score.missed, score.false


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"
