"""Rank sets of images by looks and by the detectors that learn from them, and compare both orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic import Field

from particleforge.errors import UserError
from particleforge.measurement.report.write import write_pages
from particleforge.measurement.results_folder import write_json
from particleforge.models.kind import MODELS
from particleforge.quality.ranking import Values, correlate, critical
from particleforge.quality.ranking_report import ranking_report
from particleforge.step import Step, part
from particleforge.store.annotated_files import has_rois, label_folder
from particleforge.store.files import atomic_write
from particleforge.store.run_folder import claim, locked
from particleforge.store.selection import Selection
from particleforge.verb import verb
from particleforge.workflows._candidates import named
from particleforge.workflows._plan import Arm, Plan
from particleforge.workflows._sets import is_dataset
from particleforge.workflows.evaluate import EvaluateParams
from particleforge.workflows.quality_ import QualityParams, quality_
from particleforge.workflows.repeat import repeat
from particleforge.workflows.train import TrainParams

RANK, REPORT, PLAN, LOOKS, TRAINED = "rank.json", "report.html", "plan.yaml", "looks", "trained"
LOOKING, TRAINING = 0.1, 0.99
"""Shares of the time after which the distances are known, and the detectors are judged."""
FEWEST = 3


class RankParams(TrainParams):
    """How detectors are trained on the sets and judged, and how looks are compared."""

    seeds: int = Field(1, ge=1, le=1000, description="Trainings with each set, of which the metrics are averaged.")
    looks: QualityParams = Field(QualityParams(), description="What of the images is compared; see quality.")
    judging: EvaluateParams = Field(EvaluateParams(), description="How detectors are judged; see evaluate.")

    def plan(self, sets: Mapping[str, Path | str], labels: Sequence[Path | str]) -> Plan:
        """Plan of the trainings.

        Raises
        ------
        UserError
            If the model is not a detector, or a parameter is invalid.
        """
        if (role := MODELS.get(self.model).role) != "detector":
            raise UserError(f"{self.model} is the kind of {role}s; detectors are ranked.", "Choose another model.")
        settings = {**self.settings, "model": self.model, **self._selected}
        arms = {name: Arm(verb="train", inputs=[str(path)], params=settings) for name, path in sets.items()}
        return Plan(arms=arms, test=list(map(str, labels)), seeds=self.seeds)

    @property
    def _selected(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in Selection.model_fields}

    def looking(self) -> QualityParams:
        """Parameters of the comparison of looks, with the same selection."""
        return self.looks.model_copy(update=self._selected)

    def evaluating(self) -> EvaluateParams:
        """Parameters of judging, with the same selection."""
        return self.judging.model_copy(update=self._selected)


@dataclass(frozen=True)
class Ranked:
    """Where a ranking was written.

    Parameters
    ----------
    out
        The folder.
    data
        What ``rank.json`` holds.
    """

    out: Path
    data: dict[str, Any]

    def report(self) -> dict[str, Any]:
        """Plain data for text output or JSON."""
        lines = {}
        for dataset, own in self.data["datasets"].items():
            for key, found in own["rho"].items():
                rho = found.get("f1", {}).get("value")
                lines[f"{key} and F1 on {dataset}"] = "-" if rho is None else f"rho {rho:.2f}"
        return {"report": str(self.out / REPORT), **lines} | self.data


def _report(ranked: Ranked, _: Mapping[str, Any]) -> dict[str, Any]:
    return ranked.report()


@verb(_report, resumable=True)
def rank(
    sets: Sequence[Path | str],
    out: Path | str,
    real: Sequence[Path | str] = (),
    labels: Sequence[Path | str] = (),
    params: RankParams = RankParams(),
) -> Step[Ranked]:
    """Train a detector with each set, judge all, and correlate the distances of the sets with every metric.

    Parameters
    ----------
    sets
        At least three datasets NAME.zarr or annotated folders, each one to train a detector with.
    out
        New folder for rank.json, report.html, the distances (looks/) and the detectors (trained/); an interrupted run
        is continued.
    real
        Images of one material that the sets are compared with.
    labels
        Annotated folders and datasets to judge the detectors on.
    params
        Time and settings of each training, how detectors are judged, and how looks are compared.

    Raises
    ------
    UserError
        If there are too few sets, a set has no labels, a training fails, or `out` contains something else.
    """
    sets, real, labels = ([one] if isinstance(one, (str, Path)) else list(one) for one in (sets, real, labels))
    out = Path(out)
    plan = _checked(sets, labels, params)
    what = {"command": "rank", **{name: list(map(str, own)) for name, own in _given(sets, real, labels).items()}}
    with locked(out):
        claim(out, what | {"params": params.model_dump(mode="json")})
        looks = yield from part(quality_.steps(sets, out / LOOKS, real, params.looking()), 0, LOOKING)
        with atomic_write(out / PLAN) as temporary:
            temporary.write_text(plan.to_yaml(), encoding="utf-8")
        trained = yield from part(repeat.steps(out / PLAN, out / TRAINED, params.evaluating()), LOOKING, TRAINING)
        return _write(out, looks.data, trained.data, params, what)


def _given(
    sets: Sequence[Path | str], real: Sequence[Path | str], labels: Sequence[Path | str]
) -> dict[str, Sequence[Path | str]]:
    return {"sets": sets, "real": real, "labels": labels}


def _checked(sets: Sequence[Path | str], labels: Sequence[Path | str], params: RankParams) -> Plan:
    """Check what can be checked before anything is computed, and plan the trainings."""
    if len(sets) < FEWEST:
        raise UserError(f"There are {len(sets)} sets; at least {FEWEST} are needed for an order.", "Give more sets.")
    if not labels:
        raise UserError("There is nothing to judge detectors on.", "Give annotated folders or datasets by --labels.")
    for one in map(Path, sets):
        if not (is_dataset(one) or (one.is_dir() and (label_folder(one) is not None or has_rois(one)))):
            raise UserError(f"{one} has no labels to learn from.", "Give datasets NAME.zarr or annotated folders.")
    plan = params.plan(named(sets), labels)
    plan.check()
    params.evaluating().cases(plan.test)
    return plan


def _write(
    out: Path, looks: Mapping[str, Any], trained: Mapping[str, Any], params: RankParams, what: Mapping[str, Any]
) -> Ranked:
    """Correlate, and write ``rank.json`` and the report."""
    far = {key: {name: one["value"] for name, one in own["sets"].items()} for key, own in looks["distances"].items()}
    figures = {dataset: _figures(own["values"]) for dataset, own in trained["datasets"].items()}
    precision = params.judging.precision
    rho = {dataset: correlate(far, own, precision) for dataset, own in figures.items()}
    origin = {"version": version("napari-particleforge"), **what, "params": params.model_dump(mode="json")}
    count = len(next(iter(far.values())))
    data = {
        "provenance": origin,
        "sets": count,
        "least_rho": critical(count),
        "distances": far,
        "datasets": {
            dataset: {
                "figures": own,
                "rho": {key: {name: asdict(one) for name, one in row.items()} for key, row in rho[dataset].items()},
            }
            for dataset, own in figures.items()
        },
    }
    write_pages(out / REPORT, ranking_report(far, figures, rho, precision, origin, looks["warnings"]))
    write_json(out / RANK, data)
    return Ranked(out, data)


def _figures(values: Mapping[str, Any]) -> Values:
    """Mean of each metric over seeds by set; metrics that some set does not have are left out."""
    first = next(iter(values.values()))
    known = [key for key in first if all(key in own for own in values.values())]
    return {key: {name: own[key]["mean"] for name, own in values.items()} for key in known}
