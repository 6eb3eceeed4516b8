"""Train one network of an estimator within a budget."""

import copy
import csv
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor
from torch.nn import functional as F

from particleforge.errors import UserError
from particleforge.models.estimator.augment import varied
from particleforge.models.estimator.network import EstimatorNet, network_input
from particleforge.models.estimator.preparation import Bytes
from particleforge.models.estimator.target import Floats, Ints, Target
from particleforge.models.estimator.train_params import EstimatorParams
from particleforge.seeds import stream
from particleforge.step import Progress, Step
from particleforge.store.files import atomic_write

CHECKPOINT_SUFFIX, LOG_SUFFIX = ".checkpoint.pt", ".csv"
TESTS = 512
"""Batches that a network is validated on, at most."""
SETTLED_ON = 1024
"""Images that the normalisation's means and variances are taken from."""
MOMENTUM = 0.1
CHUNK = 64
WARM_UP = 0.03
_PLAIN = ("step", "seconds", "loss", "best_loss", "best", "rows")


@dataclass(frozen=True, eq=False)
class Task:
    """What one network is to learn.

    Parameters
    ----------
    name
        Of its files and of what is reported.
    target
        What is estimated.
    images
        (n, Y, X) uint8.
    goals
        (n, outputs) what it is to say, between 0 and 1; nan where that is not known.
    binary
        Whether goals are yes or no.
    pools, tests
        Sets of indices that are drawn from equally often, to learn from and to validate on.
    """

    name: str
    target: Target
    images: Bytes
    goals: Floats
    binary: bool
    pools: Sequence[Ints]
    tests: Sequence[Ints]

    def draw(self, pools: Sequence[Ints], size: int, rng: np.random.Generator) -> Ints:
        """(size, K) indices, each row of one pool and without repeats."""
        which = rng.integers(len(pools), size=size)
        rows = [rng.choice(pools[pool], self.target.images, replace=False) for pool in which]
        return np.stack(rows)

    def batch(self, rows: Ints, device: torch.device) -> tuple[Tensor, Tensor]:
        """(B, K, Y, X) pixels and (B, outputs) goals."""
        goals = torch.from_numpy(self.goals[rows].mean(1).astype(np.float32))
        return torch.from_numpy(self.images[rows]).to(device), goals.to(device)

    def loss(self, logits: Tensor, goals: Tensor) -> Tensor:
        """Cross entropy of yes and no, else mean squared error, of what is known."""
        known = ~goals.isnan()
        if self.binary:
            return F.binary_cross_entropy_with_logits(logits[known], goals[known])
        return F.mse_loss(torch.sigmoid(logits[known]), goals[known])


@dataclass
class Training:
    """What a running training knows of itself; a checkpoint holds all of it."""

    net: EstimatorNet
    optimizer: torch.optim.Optimizer
    step: int = 0
    seconds: float = 0.0
    loss: float = math.nan
    best_loss: float = math.inf
    best: dict[str, Any] = field(default_factory=dict)
    rows: list[dict[str, float]] = field(default_factory=list)


def train_net(task: Task, out: Path, params: EstimatorParams, before: EstimatorNet | None = None) -> Step[EstimatorNet]:
    """Train until the budget is used; continue from a checkpoint in `out` where there is one.

    The weights returned are those with the lowest loss on samples that were held out.

    Parameters
    ----------
    task
        What to learn.
    out
        Folder of the checkpoint and the log.
    params
        Budget and settings.
    before
        A network whose features it starts with.

    Raises
    ------
    UserError
        If the training diverges.
    """
    fabric = Fabric(accelerator="auto", devices=1, precision="bf16-mixed" if params.half else "32-true")
    state = _start(task, params, fabric.device, out, before)
    module, optimizer = fabric.setup(state.net, state.optimizer)
    count = min(TESTS, sum(map(len, task.tests)))
    tests = task.draw(task.tests, count, stream(params.seed, task.name, "tests"))
    began, earlier = time.monotonic(), state.seconds
    next_check = _next_check(state, params)
    try:
        while (used := _used(state, params)) < 1:
            for group in optimizer.param_groups:
                group["lr"] = params.learning_rate * _schedule(used)
            rng = stream(params.seed, task.name, "step", state.step)
            size = max(1, params.batch_size // task.target.images)
            pixels, goals = task.batch(task.draw(task.pools, size, rng), fabric.device)
            module.train()
            loss = task.loss(module(network_input(varied(pixels, params.augment, rng), task.target)), goals)
            if not torch.isfinite(loss):
                raise UserError(
                    f"The training of {task.name} diverged: the loss is {loss.item()} at step {state.step}.",
                    f"Use a learning_rate below {params.learning_rate:g}.",
                )
            optimizer.zero_grad()
            fabric.backward(loss)
            optimizer.step()
            state.step += 1
            state.seconds = earlier + time.monotonic() - began
            state.loss = loss.item() if math.isnan(state.loss) else 0.95 * state.loss + 0.05 * loss.item()
            if (used := _used(state, params)) >= next_check or used >= 1:
                next_check = _next_check(state, params)
                _settle(state.net, task, params)
                _validate(state, task, tests, out)
            yield Progress(min(used, 1.0), 1.0, _message(task, state))
    finally:
        _save(state, _checkpoint(out, task.name))
    state.net.load_state_dict(state.best)
    return state.net.cpu().eval()


def clear(out: Path, name: str) -> None:
    """Remove the checkpoint of a network whose weights are kept elsewhere now."""
    _checkpoint(out, name).unlink(missing_ok=True)


def _start(
    task: Task, params: EstimatorParams, device: torch.device, out: Path, before: EstimatorNet | None
) -> Training:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(stream(params.seed, task.name, "weights").integers(2**31)))
        net = EstimatorNet(params.network, task.images.shape[1:], task.target, task.goals.shape[1])
    net.begin_at(float(np.mean([np.nanmean(task.goals[pool]) for pool in task.pools])))
    if before is not None:
        net.features.load_state_dict(before.features.state_dict())
    net = net.to(device)
    state = Training(net, torch.optim.Adam(net.parameters()))
    path = _checkpoint(out, task.name)
    if path.exists():
        try:
            saved = torch.load(path, map_location=device, weights_only=True)
        except (OSError, RuntimeError, EOFError, UnpicklingError) as error:
            raise UserError(f"{path} is broken.", "Remove it; this network is trained anew then.") from error
        state.net.load_state_dict(saved["net"])
        state.optimizer.load_state_dict(saved["optimizer"])
        for name in _PLAIN:
            setattr(state, name, saved[name])
    return state


def _checkpoint(out: Path, name: str) -> Path:
    return out / f"{name}{CHECKPOINT_SUFFIX}"


def _save(state: Training, path: Path) -> None:
    parts = {"net": state.net.state_dict(), "optimizer": state.optimizer.state_dict()}
    with atomic_write(path) as temporary:
        torch.save(parts | {name: getattr(state, name) for name in _PLAIN}, temporary)


def _used(state: Training, params: EstimatorParams) -> float:
    """Share of the budget that is used up."""
    shares = [state.seconds / (60 * params.minutes)] if params.minutes else []
    return max(shares + ([state.step / params.steps] if params.steps else []))


def _next_check(state: Training, params: EstimatorParams) -> float:
    """Share of the budget after which the network is validated next, interrupted or not."""
    return (math.floor(_used(state, params) * params.validations + 1e-9) + 1) / params.validations


def _schedule(used: float) -> float:
    """Factor on the learning rate: warm-up, then a cosine to zero."""
    return min(1.0, 0.05 + used / WARM_UP) * max(0.01, 0.5 * (1 + math.cos(math.pi * used)))


@torch.no_grad()
def _settle(net: EstimatorNet, task: Task, params: EstimatorParams) -> None:
    """Take the normalisation's means and variances anew: running ones lag behind weights that change."""
    norms = [layer for layer in net.modules() if isinstance(layer, torch.nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the mean of all
    net.train()
    device = next(net.parameters()).device
    size = max(1, params.batch_size // task.target.images)
    rng = stream(params.seed, task.name, "settle")
    for _ in range(-(-SETTLED_ON // (size * task.target.images))):
        pixels, _ = task.batch(task.draw(task.pools, size, rng), device)
        net(network_input(pixels, task.target))
    for norm in norms:
        norm.momentum = MOMENTUM


@torch.inference_mode()
def _validate(state: Training, task: Task, tests: Ints, out: Path) -> None:
    """Keep the weights if they do best on the held-out samples; write log and checkpoint."""
    net = state.net.eval()
    device = next(net.parameters()).device
    losses = []
    for rows in np.array_split(tests, max(1, tests.size // CHUNK)):
        pixels, goals = task.batch(rows, device)
        losses.append(float(task.loss(net(network_input(pixels, task.target)), goals)) * len(rows))
    loss = sum(losses) / len(tests)
    if loss <= state.best_loss:
        state.best_loss, state.best = loss, copy.deepcopy(net.state_dict())
    row = {"step": state.step, "seconds": state.seconds, "train_loss": state.loss, "held_out_loss": loss}
    state.rows.append(row)
    with (out / f"{task.name}{LOG_SUFFIX}").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(row))
        writer.writeheader()
        writer.writerows(state.rows)
    _save(state, _checkpoint(out, task.name))


def _message(task: Task, state: Training) -> str:
    held_out = f", held out {state.rows[-1]['held_out_loss']:.4f}" if state.rows else ""
    return f"{task.name}: step {state.step}, loss {state.loss:.4f}{held_out}"
