"""What the page for teaching runs."""

from dataclasses import dataclass
from pathlib import Path

from particleforge.errors import UserError
from particleforge.jobs.messages import Task
from particleforge.models.trained import Trained, run_arguments, trained_models
from particleforge.store.project import ANNOTATIONS, MODELS, Project
from particleforge.workflows.learn import LearnParams, learn

GRACE_S = 60.0
"""A training that is stopped still saves its weights."""


@dataclass(frozen=True)
class Teaching:
    """A training in progress.

    Parameters
    ----------
    project
        Whose images teach.
    out
        Folder of the detector.
    """

    project: Project
    out: Path


def new_teaching(project: Project, name: str, params: LearnParams) -> Task:
    """Learn from the images of a project that are to teach."""
    return Task.of(learn, params, project=project.folder, out=name, grace_s=GRACE_S)


def resumed_teaching(project: Project, model: Path) -> Task:
    """Continue a stopped training of a project.

    Raises
    ------
    UserError
        If there is none in the folder.
    """
    given = {name: value for name, value in run_arguments(model).items() if name not in ("folder", "annotated")}
    return new_teaching(project, model.name, LearnParams.parse(given))


def stopped_teachings(project: Project) -> list[Trained]:
    """Trainings of a project that were stopped, the latest first."""
    return [model for model in trained_models(project.folder / MODELS, "detector") if _can_go_on(project, model)]


def _can_go_on(project: Project, model: Trained) -> bool:
    if model.finished:
        return False
    try:
        return Path(str(run_arguments(model.path).get("folder", ""))).resolve() == _annotations(project)
    except UserError:
        return False


def _annotations(project: Project) -> Path:
    return (project.folder / ANNOTATIONS).resolve()
