"""Write repeated trainings: metrics of all models, a table of them, a report."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from particleforge.errors import none_done
from particleforge.measurement.report.write import write_pages
from particleforge.measurement.results_folder import write_json
from particleforge.quality.metric import metrics
from particleforge.quality.repeats import Repeats, repeats
from particleforge.quality.repeats_report import repeats_report
from particleforge.quality.report import failures
from particleforge.step import Progress, Step, part
from particleforge.store.files import atomic_write
from particleforge.workflows._evaluated import IMAGES, REPORT, Reporting, write_images
from particleforge.workflows._judging import JudgedDataset
from particleforge.workflows._plan import Plan, run_name

REPEAT, RUNS = "repeat.json", "runs.csv"


@dataclass(frozen=True)
class Repeated:
    """Where repeated trainings were written.

    Parameters
    ----------
    out
        The folder.
    data
        What ``repeat.json`` holds.
    """

    out: Path
    data: dict[str, Any]

    def report(self) -> dict[str, Any]:
        """Plain data for text output or JSON."""
        lines = {}
        for dataset, one in self.data["datasets"].items():
            for arm, own in one["values"].items():
                f1 = own["f1"]
                lines[f"{arm} on {dataset}"] = f"F1 {f1['mean']:.3f}, SD {f1['sd'] or 0:.3f}"
        return {"report": str(self.out / REPORT), **lines, "datasets": self.data["datasets"]}


def write_repeated(
    out: Path, plan: Plan, judged: Mapping[str, JudgedDataset], params: Reporting, provenance: Mapping[str, Any]
) -> Step[Repeated]:
    """Compute all metrics with their intervals, and write the files.

    Raises
    ------
    UserError
        If no image could be judged for a model, or the disk is full or not writable.
    """
    found, warnings = {}, []
    for done, (dataset, one) in enumerate(judged.items()):
        for name, failed in one.failed.items():
            if not one.images[name]:
                raise none_done(failed, f"judged for {name}")
        common = one.common
        arms = {arm: [common[run_name(arm, seed)] for seed in range(plan.seeds)] for arm in plan.arms}
        step = part(repeats(arms, params.precision), done / len(judged), (done + 1) / len(judged))
        found[dataset] = yield from step
        warnings += failures(dataset, one.failed, found[dataset].images)
    yield Progress(1, 1, "Writing the report")
    data = {
        "provenance": {"version": version("napari-particleforge"), **provenance, "seeds": plan.seeds},
        "datasets": {dataset: one.plain() for dataset, one in found.items()},
    }
    write_images(out / IMAGES, judged)
    _write_runs(out / RUNS, found, plan)
    write_pages(out / REPORT, repeats_report(found, plan.seeds, params.precision, data["provenance"], warnings))
    write_json(out / REPEAT, data)
    return Repeated(out, data)


def _write_runs(path: Path, found: Mapping[str, Repeats], plan: Plan) -> None:
    """Write a row for each training and dataset."""
    rated = metrics()
    with atomic_write(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("dataset", "arm", "seed", *rated))
        for dataset, one in found.items():
            for arm, own in one.values.items():
                for seed in range(plan.seeds):
                    values = [f"{own[key].values[seed]:.6g}" if key in own else "" for key in rated]
                    table.writerow((dataset, arm, seed, *values))
