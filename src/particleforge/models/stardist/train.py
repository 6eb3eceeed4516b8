"""Train a StarDist network within a budget."""

import copy
import csv
import math
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor
from torch.optim.swa_utils import AveragedModel

from particleforge.errors import UserError
from particleforge.models.patches import Augment, Patch, Source, draw_patch, mixed
from particleforge.models.stardist.batches import Batch, collate, made_ahead
from particleforge.models.stardist.config import SMALL, StarDistConfig
from particleforge.models.stardist.loss import stardist_loss
from particleforge.models.stardist.network import StarDistNet
from particleforge.models.stardist.train_params import TrainParams
from particleforge.seeds import stream
from particleforge.step import Progress, Step

CHECKPOINT = "checkpoint.pt"
LOG = "training.csv"


RATE_FROM_SCRATCH = 2e-3
RATE_FROM_MODEL = 1e-3


class Mix(NamedTuple):
    """Sources of each kind, of which any may be empty; see `TrainingSet`."""

    real: Sequence[Source] = ()
    synthetic: Sequence[Source] = ()
    shapes: Sequence[Source] = ()


def _unseen(net: StarDistNet) -> Any:
    return None


def _unjudged(net: StarDistNet) -> float:
    return math.nan


@dataclass(frozen=True)
class Watch:
    """Who follows a training; each is given the averaged network.

    Parameters
    ----------
    better
        Called whenever it did better than before.
    f1
        Its score on annotated particles that were held out, for the log; NaN where there are none.
    look
        Something to look at; called only if somebody does.
    """

    better: Callable[[StarDistNet], object] = _unseen
    f1: Callable[[StarDistNet], float] = _unjudged
    look: Callable[[StarDistNet], Any] = _unseen


@dataclass
class Training:
    """What a running training knows of itself; a checkpoint holds all of it."""

    net: StarDistNet
    average: AveragedModel
    optimizer: torch.optim.Optimizer
    step: int = 0
    seconds: float = 0.0
    best_loss: float = math.inf
    best: dict[str, Any] = field(default_factory=dict)
    rows: list[dict[str, float]] = field(default_factory=list)


def train_network(
    mix: Mix,
    held_out: Sequence[Source],
    out: Path,
    params: TrainParams,
    start: StarDistNet | None = None,
    watch: Watch = Watch(),
) -> Step[StarDistNet]:
    """Train until the budget is used; continue from a checkpoint in `out` where there is one.

    Real sources come first, synthetic ones are mixed in later: from the start they hurt on short budgets.
    The weights returned are an exponential average, taken where the loss on held-out patches was lowest.

    Parameters
    ----------
    mix
        What to learn from.
    held_out
        What to validate on.
    out
        Folder of the checkpoint and the log.
    params
        Budget and settings.
    start
        Network to go on from; without one, weights are random.
    watch
        Who follows it.

    Raises
    ------
    UserError
        Without a budget or without sources, or if the training diverges.
    """
    if params.minutes is None and params.steps is None:
        raise UserError("Neither minutes nor steps are given.", "Give at least one, such as --minutes 5.")
    if not any(map(len, mix)):
        raise UserError("There is no image to train on.")
    config = start.config if start else params.network or SMALL
    rate = params.learning_rate or (RATE_FROM_MODEL if start else RATE_FROM_SCRATCH)
    torch.set_num_threads(max(1, (os.cpu_count() or 2) - 1))  # one core makes the batches
    fabric = Fabric(accelerator="auto", devices=1)
    state = _start(_first_net(config, start, params), params, fabric.device, out / CHECKPOINT)
    module, optimizer = fabric.setup(state.net, state.optimizer)
    tests = _test_batches(held_out, config, params)
    began, before = time.monotonic(), state.seconds
    first, next_check = state.step, _used(state, params) + 1 / params.validations

    def make(number: int) -> Batch:
        used = _used(state, params, first + number)
        return collate(_patches(mix, params, first + number, used), config)

    batches = made_ahead(make)
    running = 0.0
    try:
        while (used := _used(state, params)) < 1:
            for group in optimizer.param_groups:
                group["lr"] = rate * _schedule(used)
            batch = Batch(*(tensor.to(fabric.device) for tensor in next(batches)))
            prob, dist = module(batch.image.contiguous(memory_format=torch.channels_last))
            loss = stardist_loss(prob, dist, batch.prob, batch.dist, batch.weight).total
            _refuse_divergence(loss, state.step, rate)
            optimizer.zero_grad()
            fabric.backward(loss)
            fabric.clip_gradients(module, optimizer, max_norm=5.0, error_if_nonfinite=False)
            optimizer.step()
            state.average.update_parameters(state.net)
            state.step += 1
            state.seconds = before + time.monotonic() - began
            running = loss.item() if not running else 0.95 * running + 0.05 * loss.item()
            if (used := _used(state, params)) >= next_check or used >= 1:
                next_check += 1 / params.validations
                if _validate(state, tests, running, out, watch.f1):
                    watch.better(_network(state.average))
            yield _progress(state, params, running, watch.look)
    finally:
        batches.close()
        _save(state, out)
    with torch.random.fork_rng(devices=[]):
        net = StarDistNet(config)
    net.load_state_dict(state.best)
    return net.eval()


def _refuse_divergence(loss: Tensor, step: int, rate: float) -> None:
    if not torch.isfinite(loss):
        raise UserError(
            f"The training diverged: the loss is {loss.item()} at step {step}.",
            f"Use a learning_rate below {rate:g}.",
        )


def _first_net(config: StarDistConfig, start: StarDistNet | None, params: TrainParams) -> StarDistNet:
    """Copy a network to start from, or make one with random weights that predicts circles of the usual size."""
    if start is not None:
        return copy.deepcopy(start)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(params.seed)
        net = StarDistNet(config)
    if net.dist.conv.bias is not None:
        torch.nn.init.constant_(net.dist.conv.bias, params.diameter_px / 2)  # saves hundreds of steps
    return net


def _start(net: StarDistNet, params: TrainParams, device: torch.device, checkpoint: Path) -> Training:
    for part in net.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            part.momentum = 0.1
    net = net.to(device).to(memory_format=torch.channels_last)
    average = AveragedModel(net, avg_fn=_average, use_buffers=True)
    state = Training(net, average, torch.optim.Adam(net.parameters()))
    if checkpoint.exists():
        saved = torch.load(checkpoint, map_location=device, weights_only=True)
        for name in ("net", "average", "optimizer"):
            getattr(state, name).load_state_dict(saved[name])
        for name in ("step", "seconds", "best_loss", "best", "rows"):
            setattr(state, name, saved[name])
    return state


def _network(average: AveragedModel) -> StarDistNet:
    """Return the network an average is kept in."""
    if not isinstance(average.module, StarDistNet):
        raise TypeError(f"the average is one of {type(average.module).__name__}")
    return average.module


def _average(mean: Tensor, new: Tensor, count: Tensor | int) -> Tensor:
    """Exponential average over about 50 steps, over fewer at the start so that random weights are soon forgotten."""
    decay = min(0.98, (1 + int(count)) / (10 + int(count)))
    return decay * mean + (1 - decay) * new


def _save(state: Training, out: Path) -> None:
    from particleforge.store.files import atomic_write

    parts = {name: getattr(state, name).state_dict() for name in ("net", "average", "optimizer")}
    plain = {name: getattr(state, name) for name in ("step", "seconds", "best_loss", "best", "rows")}
    with atomic_write(out / CHECKPOINT) as path:
        torch.save(parts | plain, path)


def _used(state: Training, params: TrainParams, step: int | None = None) -> float:
    """Share of the budget that is used up, now or at a step: batches made ahead must not depend on how far ahead."""
    shares = [state.seconds / (60 * params.minutes)] if params.minutes else []
    return max(shares + ([(state.step if step is None else step) / params.steps] if params.steps else []))


def _schedule(used: float) -> float:
    """Factor on the learning rate: 3 % warm-up, then a cosine to zero."""
    warm = min(1.0, 0.05 + used / 0.03)
    return warm * max(0.01, 0.5 * (1 + math.cos(math.pi * min(used, 1.0))))


def _patches(mix: Mix, params: TrainParams, number: int, used: float) -> list[Patch]:
    rng = stream(params.seed, "batch", number)
    real = 1.0 if used < params.real_first and len(mix.real) else params.real_share
    own = 1 - params.shapes_share
    groups = ((mix.real, own * real), (mix.synthetic, own * (1 - real)), (mix.shapes, params.shapes_share))
    return [draw_patch(mixed(groups, rng), params.patch_px, params.augment, rng) for _ in range(params.batch_size)]


def _test_batches(held_out: Sequence[Source], config: StarDistConfig, params: TrainParams) -> list[Batch]:
    """Unvaried patches, always the same."""
    rng = stream(params.seed, "held out")
    still = Augment(scale=1, turned=0, gamma=1, gain=1, offset=0, shading=0, noise=0, blur_sigma_px=0)
    return [
        collate([draw_patch(mixed(((held_out, 1.0),), rng), params.patch_px, still, rng) for _ in range(4)], config)
        for _ in range(max(6, len(held_out) // 4) if len(held_out) else 0)
    ]


@torch.inference_mode()
def _validate(
    state: Training, tests: Sequence[Batch], train_loss: float, out: Path, f1: Callable[[StarDistNet], float]
) -> bool:
    """Keep the averaged weights if they do best on the held-out patches (or, without any, always); whether they did."""
    net = _network(state.average).eval()
    device = next(net.parameters()).device
    losses = []
    for batch in tests:
        image, *goals = (tensor.to(device) for tensor in batch)
        losses.append(stardist_loss(*net(image), *goals).total.item())
    loss = float(np.mean(losses)) if losses else math.nan
    better = not losses or loss <= state.best_loss
    if better:
        state.best_loss = loss
        state.best = {name: tensor.detach().clone() for name, tensor in net.state_dict().items()}
    row = {"step": state.step, "seconds": state.seconds, "train_loss": train_loss, "held_out_loss": loss}
    state.rows.append(row | {"held_out_f1": f1(net)})
    with (out / LOG).open("w", newline="") as file:
        writer = csv.DictWriter(file, list(state.rows[-1]), restval=math.nan)
        writer.writeheader()
        writer.writerows(state.rows)
    _save(state, out)
    return better


def _progress(state: Training, params: TrainParams, loss: float, look: Callable[[StarDistNet], Any]) -> Progress:
    used = min(_used(state, params), 1.0)
    held_out = state.rows[-1]["held_out_loss"] if state.rows else math.nan
    message = f"step {state.step}, loss {loss:.3f}" + ("" if math.isnan(held_out) else f", held out {held_out:.3f}")
    return Progress(used, 1.0, message, lambda: look(_network(state.average)))
