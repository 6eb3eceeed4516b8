"""Train a model of any kind in a folder."""

from __future__ import annotations

from pathlib import Path

from particleforge.models.card import Card
from particleforge.models.kind import MODELS
from particleforge.models.roles import Model
from particleforge.models.training_params import TrainingParams
from particleforge.models.training_set import TrainingSet
from particleforge.step import Step


def begin_training(out: Path, params: TrainingParams, source: str) -> None:
    """Write the card of a model into its folder before training, unless there is one.

    Parameters
    ----------
    out
        Folder of the model.
    params
        Kind and settings.
    source
        What it is trained on, in plain words.
    """
    if Card.read(out) is None:
        Card(kind=params.kind, source=source).write(out)


def train_model(data: TrainingSet, out: Path, params: TrainingParams) -> Step[Model]:
    """Train a model and record its scores; an interrupted training in the folder is continued.

    Raises
    ------
    UserError
        If there is nothing to train on or no budget, or `out` holds a finished model.
    """
    kind = MODELS.get(params.kind)
    model = yield from kind.train(data, out, params)
    card = Card.read(out) or Card(kind=params.kind)
    card.replace(scores=kind.scores(out), finished=True).write(out)
    return model
