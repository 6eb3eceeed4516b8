"""From samples with classes to a classifier in a folder."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from particleforge.errors import UserError
from particleforge.models.card import CHECKPOINT
from particleforge.models.classifier.examples import (
    HINT,
    Examples,
    collect,
    hold_out_groups,
    known_classes,
    remarks_on_classes,
)
from particleforge.models.classifier.kind import ClassifierKind
from particleforge.models.classifier.model import ClassifierModel, Note
from particleforge.models.classifier.task import ClassifierTask, probabilities
from particleforge.models.classifier.train_params import ClassifierParams
from particleforge.models.detector_training import refuse_finished
from particleforge.models.fit import Settings, fit
from particleforge.models.training_set import TrainingSet
from particleforge.quality.confusion import Confusion
from particleforge.sample import Sample
from particleforge.step import Progress, Step, part

CROPPING = 0.1
"""Share of the progress that cropping is."""
LARGEST_GRADIENT = 5.0
MOST_SYNTHETIC = 1000
"""Largest number of synthetic samples that are learned from."""


def train_classifier(data: TrainingSet, out: Path, params: ClassifierParams) -> Step[ClassifierModel]:
    """Train a classifier, judge it on the held-out images, and save it.

    Synthetic samples are only learned from where there are annotated images; alone, a part of them is held out.

    Raises
    ------
    UserError
        If there are fewer than two classes or there is no budget, or `out` holds a finished model.
    """
    refuse_finished(out, ClassifierKind.finished(out))
    params.check_budget()
    train_on, held_out = _samples(data, params)
    classes = known_classes([*train_on, *held_out], params)
    params = params.replace(network=params.network.settled())
    remarks = remarks_on_classes(train_on, held_out, params.of)
    for remark in remarks:
        yield Progress(0, 1, remark)
    examples = yield from part(collect(train_on, classes, params), 0, CROPPING / 2)
    tests = yield from part(collect(held_out, classes, params), CROPPING / 2, CROPPING)
    _check(examples, classes, params.of)
    task = ClassifierTask(examples, tests, classes, params)
    settings = Settings(params, params.learning_rate, params.averaged_steps, LARGEST_GRADIENT)
    fitted = yield from part(fit(task, out, settings), CROPPING, 1)
    remarks += [fitted.remark] if fitted.remark else []
    provenance = {
        "version": version("napari-particleforge"),
        "training": params.model_dump(mode="json"),
        "images": len(train_on),
        "held_out": [sample.name for sample in held_out],
        "crops": len(examples),
        "steps": fitted.steps,
        "remark": " ".join(remarks),
    }
    note = Note(
        of=params.of,
        classes=classes,
        network=params.network,
        crop=params.crop,
        held_out=judged(fitted.net, tests, classes, params.of),
        provenance=provenance,
    )
    model = ClassifierModel(fitted.net, note)
    model.save(out)
    (out / CHECKPOINT).unlink(missing_ok=True)
    yield Progress(1, 1, fitted.remark or "The model is trained")
    return model


def judged(net: nn.Module, tests: Examples, classes: Sequence[str], of: str) -> dict[str, Any]:
    """Confusion of held-out images, and of their particles, as plain data; empty without any.

    The class of an image is the one with the largest mean probability over its crops. With particles of several
    classes in an image, only particles are judged.
    """
    if not len(tests):
        return {}
    found = probabilities(net, tests.crops)
    numbers = np.unique(tests.images)
    own = [np.unique(tests.classes[tests.images == number]) for number in numbers]
    confusions = {}
    if of == "particles":
        confusions["particles"] = Confusion.of(classes, tests.classes, found.argmax(1)).plain()
        del confusions["particles"]["interval"]  # particles of an image are not independent
    if all(len(one) == 1 for one in own):
        images = [found[tests.images == number].mean(0).argmax() for number in numbers]
        confusions["images"] = Confusion.of(classes, [one[0] for one in own], images).plain()
    return confusions


def _samples(data: TrainingSet, params: ClassifierParams) -> tuple[list[Sample], list[Sample]]:
    """Return what to learn from and what to judge by."""
    synthetic = list(data.synthetic[:MOST_SYNTHETIC])
    if data.real or data.held_out:
        return [*data.real, *synthetic], list(data.held_out)
    return hold_out_groups(synthetic, params)


def _check(examples: Examples, classes: Sequence[str], of: str) -> None:
    """Check that there is something to learn from of every class."""
    counts = np.bincount(examples.classes, minlength=len(classes))
    if lacking := [name for name, count in zip(classes, counts, strict=True) if not count]:
        raise UserError(
            f"Nothing can be learned of the class {lacking[0]}: there are no {of} of it"
            + (" that are whole, that is, do not touch the border of their image." if of == "particles" else "."),
            HINT,
        )
