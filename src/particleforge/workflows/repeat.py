"""Repeat trainings with several seeds and judge them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from particleforge.errors import located
from particleforge.models.opening import is_finished
from particleforge.step import Step, part
from particleforge.store.files import new_part
from particleforge.store.run_folder import claim, locked
from particleforge.verb import InPlace, verb
from particleforge.workflows._candidates import DetectorCandidate
from particleforge.workflows._judging import judge_all
from particleforge.workflows._plan import Plan, run_name
from particleforge.workflows._repeated import Repeated, write_repeated
from particleforge.workflows.evaluate import EvaluateParams

MODELS = "models"
TRAINING, JUDGING = 0.8, 0.9
"""Shares of the time after which the trainings, and then judging, are done."""


def _report(done: Repeated, _: Mapping[str, Any]) -> dict[str, Any]:
    return done.report()


@verb(_report, resumable=True)
def repeat(
    plan: Annotated[Path | str, InPlace()], out: Path | str, params: EvaluateParams = EvaluateParams()
) -> Step[Repeated]:
    """Repeat trainings with several seeds, judge all models, and compare the arms; write tables and a report.

    Parameters
    ----------
    plan
        YAML file with arms (by name: verb, inputs and params of a training), test (annotated folders and datasets to
        judge the models on) and seeds (their number); paths are relative to the folder in which the command runs.
    out
        New folder for models, repeat.json, images.csv and report.html; an interrupted run is continued, also with more
        seeds.
    params
        Options of the detectors, and precision of the intervals.

    Raises
    ------
    UserError
        If the plan is not valid, a training fails, or `out` contains something else.
    """
    todo, out = Plan.from_yaml(Path(plan)), Path(out)
    with located(plan, ""):
        todo.check()
        sources = params.cases(todo.test)
    what = {"command": "repeat", **todo.model_dump(mode="json", exclude={"seeds"}), "files": todo.fingerprints()}
    with locked(out):
        claim(out, what | {"params": params.recorded()})
        yield from part(_train(todo, out), 0, TRAINING)
        names = [run_name(arm, seed) for arm in todo.arms for seed in range(todo.seeds)]
        models = {name: out / MODELS / name for name in names}
        found = [DetectorCandidate(name, folder, params, out / "found" / name) for name, folder in models.items()]
        judged = yield from part(judge_all(found, sources, params, out), TRAINING, JUDGING)
        return (yield from part(write_repeated(out, todo, judged, params, what), JUDGING, 1))


def _train(plan: Plan, out: Path) -> Step[None]:
    """Train what is not trained yet, seed by seed, so that early results hold for all arms."""
    runs = [(arm, seed) for seed in range(plan.seeds) for arm in plan.arms]
    for done, (arm, seed) in enumerate(runs):
        folder = new_part(out, MODELS) / run_name(arm, seed)
        if is_finished(folder):
            continue
        given = plan.arms[arm]
        step = given.command.plain_steps(given.arguments(folder), given.params | {"seed": seed})
        with located(run_name(arm, seed), ""):
            yield from _named(run_name(arm, seed), part(step, done / len(runs), (done + 1) / len(runs)))


def _named(name: str, step: Step[Any]) -> Step[None]:
    """Begin the messages of a step with a name."""
    try:
        for progress in step:
            yield replace(progress, message=f"{name}: {progress.message}")
    finally:
        step.close()
