"""From samples to an estimator in a folder."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from particleforge.errors import UserError
from particleforge.models.estimator.data import Pictures, collect
from particleforge.models.estimator.kind import NOTE
from particleforge.models.estimator.model import Estimator, Part, load_net, net_name, reach_of, save_net
from particleforge.models.estimator.network import EstimatorNet
from particleforge.models.estimator.preparation import Preparation
from particleforge.models.estimator.target import Batch, Ints, Regression, Target, named
from particleforge.models.estimator.together import Together
from particleforge.models.estimator.train import Task, clear, train_net
from particleforge.models.estimator.train_params import EstimatorParams
from particleforge.sample import Sample
from particleforge.step import Progress, Step

EVALUATED_AT_ONCE = 10
"""Maximum number of images of one group that are evaluated together."""
MOST_EVALUATED = 200
"""Maximum number of groups that are evaluated."""
HINTS = "hints"
"""Name of the network that learns hints."""


def train_on(
    samples: Sequence[Sample], recipe: Mapping[str, Any], out: Path, params: EstimatorParams
) -> Step[Estimator]:
    """Train all networks of an estimator, evaluate it on held-out samples, and save it.

    Parameters
    ----------
    samples
        Training samples.
    recipe
        Plain data of the recipe they were drawn from; empty if there is none. If it names `shared` parameters,
        samples with the same values of these form a group; otherwise those with the same targets.
    out
        Folder of the model. Networks already trained, and checkpoints, are reused.
    params
        Targets, budget and settings.

    Raises
    ------
    UserError
        If there is no budget, a sample lacks a target, or `out` holds a finished model.
    """
    if (out / NOTE).exists():
        raise UserError(
            f"{out} holds a finished estimator; nothing is overwritten.", "Choose another --out, or remove it."
        )
    params.check_budget()
    named(params.targets)
    preparation = Preparation.fit(samples, params.prepare)
    shared = recipe.get("shared") or [target.parameter for target in params.targets]
    pictures = yield from collect(samples, params.targets, shared, preparation, params.hints)
    return (yield from learn(pictures, preparation, recipe, out, params))


def learn(
    pictures: Pictures, preparation: Preparation, recipe: Mapping[str, Any], out: Path, params: EstimatorParams
) -> Step[Estimator]:
    """Train all networks on prepared images, evaluate and save them; see `train_on`.

    Raises
    ------
    UserError
        If there are too few images, or they all show the same values.
    """
    known = [values[np.isfinite(values)] for values in pictures.shown]
    limits = [target.limits(recipe, values) for target, values in zip(params.targets, known, strict=True)]
    chosen, held_out = pictures.split(params.held_out, params.seed)
    parts: list[Part] = []
    before = None
    if params.hints:
        before = yield from trained(hints(pictures, (chosen, held_out)), out, preparation, params)
    for number, target in enumerate(params.targets):
        nets = {}
        for task in tasks(number, target, pictures, limits[number], (chosen, held_out)):
            net = yield from trained(task, out, preparation, params, before)
            nets[task.name.partition("_")[2]] = net
        yield Progress(number + 1, len(params.targets), f"{target.parameter}: evaluating")
        parts.append(evaluated(Part(target, limits[number], nets), pictures, number, (chosen, held_out)))
    provenance = {
        "version": version("napari-particleforge"),
        "training": params.model_dump(mode="json"),
        "samples": len(chosen),
        "held_out": len(held_out),
    }
    model = Estimator(parts, preparation, params.network, dict(recipe), provenance)
    model.save(out)
    (out / f"{HINTS}.npz").unlink(missing_ok=True)
    return model


def trained(
    task: Task, out: Path, preparation: Preparation, params: EstimatorParams, before: EstimatorNet | None = None
) -> Step[EstimatorNet]:
    """Train a network and save it, or load it if it has been trained."""
    if (out / f"{task.name}.npz").is_file():
        return load_net(out, task.name, params.network, preparation, task.target, task.goals.shape[1])
    net = yield from train_net(task, out, params, before)
    save_net(out, task.name, net)
    clear(out, task.name)
    return net


def hints(pictures: Pictures, split: tuple[Ints, Ints]) -> Task:
    """Make the task to learn everything single images show at once, as ranks among the training samples.

    Ranks are evenly distributed, whatever is ranked.
    """
    values = np.column_stack([*pictures.shown, pictures.hints])
    goals = np.full(values.shape, np.nan)
    for column, goal in zip(values.T, goals.T, strict=True):
        seen, known = np.sort(column[split[0]][np.isfinite(column[split[0]])]), np.isfinite(column)
        ranks = [np.searchsorted(seen, column[known], side) for side in ("left", "right")]
        goal[known] = np.mean(ranks, 0) / max(1, len(seen))
    return Task(HINTS, Regression(), pictures.images, goals, False, [split[0]], [split[1]])


def tasks(
    number: int, target: Target, pictures: Pictures, limits: tuple[float, float], split: tuple[Ints, Ints]
) -> Iterator[Task]:
    """Yield the task of each network of a target, on samples that show it."""
    values, reach = pictures.shown[number], reach_of(target, limits)
    pools, tests = (target.pools(values, pictures.groups, part[np.isfinite(values[part])], reach) for part in split)
    for name in target.networks:
        goals = target.goals(name, values, reach)[:, None]
        yield Task(net_name(number, name), target, pictures.images, goals, name == "ends", pools[name], tests[name])


def evaluated(part: Part, pictures: Pictures, number: int, split: tuple[Ints, Ints]) -> Part:
    """Fit the estimate from several images on held-out samples, and add mean absolute errors.

    Returns
    -------
    The part with its `together`, if images are evaluated separately, and ``held_out``: ``of_the_mean``, the error of
    always predicting the mean of the training samples; ``per_image`` and ``bias``, if images are evaluated separately,
    against what they show; ``together``, from up to `EVALUATED_AT_ONCE` images of a group against the parameter, if
    samples come in groups.
    """
    chosen, held_out = split
    usable = held_out[np.isfinite(pictures.shown[number][held_out])]
    images, groups = pictures.images[usable], pictures.groups[usable]
    shown, asked = pictures.shown[number][usable], pictures.asked[number][usable]
    found = {"of_the_mean": float(np.abs(asked - pictures.asked[number][chosen].mean()).mean())}
    each = None
    if not isinstance(part.target, Batch):
        each = part.per_image(images)
        part = replace(part, together=Together.fit(each, asked, groups))
        found |= {"per_image": float(np.abs(each - shown).mean()), "bias": float((each - shown).mean())}
    together = []
    for group in np.unique(groups)[:MOST_EVALUATED]:
        these = np.flatnonzero(groups == group)[:EVALUATED_AT_ONCE]
        if len(these) > 1:
            value = part.value(images[these]) if each is None else part.of_several(each[these])
            together.append(abs(value - asked[these[0]]))
    return replace(part, held_out=found | ({"together": float(np.mean(together))} if together else {}))
