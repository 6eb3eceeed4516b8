"""What the train panel runs."""

from pathlib import Path

from particleforge.jobs.messages import Task
from particleforge.models.trained import run_arguments
from particleforge.workflows.learn import LearnParams, learn
from particleforge.workflows.train import train

GRACE_S = 60.0
"""A training that is stopped still saves its weights."""


def new_training(folder: Path | None, dataset: Path | None, out: Path, params: LearnParams) -> Task:
    """Learn from annotated images, a dataset, or both.

    Parameters
    ----------
    folder
        Annotated images; None if there are none.
    dataset
        Synthetic samples; None: they are generated from the annotated ones during training.
    out
        Folder of the model.
    params
        As for `learn`; with a dataset, those for generating samples are not used.
    """
    if dataset is None:
        return Task.of(learn, params, folder=folder, out=out, grace_s=GRACE_S)
    budget = {name: getattr(params, name) for name in ("start", "minutes", "seed")}
    sources = [path for path in (folder, dataset) if path is not None]
    return Task.of(train, params.training.replace(**budget), sources=sources, out=out, grace_s=GRACE_S)


def resumed_training(model: Path) -> Task:
    """Continue a stopped training.

    Raises
    ------
    UserError
        If there is none in the folder.
    """
    params = run_arguments(model)
    params.pop("annotated", None)
    args = {name: params.pop(name) for name in ("folder", "sources") if name in params} | {"out": str(model)}
    verb = learn if "folder" in args else train
    return Task(call=verb.reference, args=args, params=params, grace_s=GRACE_S)
