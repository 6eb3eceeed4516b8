"""The training loop: budget, schedule, validation, checkpoint, log. The model supplies the rest as a `Task`."""

import copy
import csv
import math
import os
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Generator, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from typing import Any, Generic, Protocol, Self, TypeVar

import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins import MixedPrecision, Precision
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from particleforge.models.card import LOG
from particleforge.models.device import torch_device
from particleforge.models.fit_state import LEAST_STEPS, Fitted, State, checkpoint, restore, save
from particleforge.models.losses import AT_ONCE, Losses
from particleforge.models.training_params import TrainingParams
from particleforge.step import Progress, Step
from particleforge.store.files import atomic_write

T = TypeVar("T")
WARM_UP = 0.03
"""Share of the budget during which the learning rate rises."""
MOMENTUM = 0.1
"""Momentum of the running means and variances of batch normalisation."""
VALIDATING = 0.05
"""Largest share of a budget of time for validations."""
LOSS, HELD_OUT = "train_loss", "held_out_loss"
"""Columns of the log."""


class Movable(Protocol):
    """The data of one training step."""

    def to(self, device: torch.device) -> Self:
        """Return it on a device."""


NetT = TypeVar("NetT", bound=nn.Module)
BatchT = TypeVar("BatchT", bound=Movable)


class Task(ABC, Generic[NetT, BatchT]):
    """What one network has to learn.

    Parameters
    ----------
    name
        Name used for its files and in progress messages; empty if the model has only one network.
    """

    name: str = ""

    @property
    def begins_trained(self) -> bool:
        """Whether the initial network is a trained one, which is kept unless training makes a better one."""
        return False

    @abstractmethod
    def network(self) -> NetT:
        """Return the initial network."""

    @abstractmethod
    def batch(self, number: int, used: float) -> BatchT:
        """Batch of a step, always the same for the same step; it is prepared ahead in a thread.

        Parameters
        ----------
        number
            Number of the step.
        used
            Share of the budget used up by then.
        """

    @abstractmethod
    def loss(self, net: nn.Module, batch: BatchT) -> Tensor:
        """Loss of a batch that is already on the device of the network."""

    @abstractmethod
    def validate(self, net: NetT) -> Mapping[str, float]:
        """Log entry for the held-out data; its `HELD_OUT` decides which weights are kept (NaN: the last ones)."""

    def settling(self) -> Iterable[Tensor]:
        """Input from which the statistics of batch normalisation are recomputed before each validation.

        Running statistics lag behind changing weights; without any input they are left as they are.
        """
        return ()

    def improved(self, net: NetT) -> None:
        """Save a network that did better than all before."""

    def preview(self, net: NetT) -> Any:
        """Something to show during training; computed only when it is displayed."""
        return None


@dataclass(frozen=True)
class Settings:
    """How long and how fast a network learns.

    Parameters
    ----------
    params
        Budget, validations and device.
    rate
        Peak learning rate.
    averaged
        Number of steps of an exponential average of the weights, which is validated and kept instead of the weights
        themselves; 0: no average.
    clip
        Maximum norm of the gradient; None: no limit.
    half
        Whether to compute in 16 bits where that is precise enough.
    """

    params: TrainingParams
    rate: float
    averaged: int = 0
    clip: float | None = None
    half: bool = False

    def used(self, step: int, seconds: float) -> float:
        """Share of the budget that is used up; time counts only as far as the least number of steps is done."""
        steps, least = self.params.steps, self.params.least_steps
        by_time = min(self.share(seconds), step / least) if least else self.share(seconds)
        return max(by_time, step / steps if steps else 0.0)

    def next_check(self, used: float, last_s: float) -> float:
        """Share of the budget at which the next validation is due, if the last one took `last_s`.

        With a budget of steps it is the same after an interruption.
        """
        due = (math.floor(used * self.params.validations + 1e-9) + 1) / self.params.validations
        return max(due, used + self.share(last_s) / VALIDATING)

    def share(self, seconds: float) -> float:
        """Share of the budget of time that some seconds are; 0 without one."""
        return seconds / (60 * self.params.minutes) if self.params.minutes else 0.0

    def rate_at(self, used: float) -> float:
        """Learning rate: warm-up, then a cosine to zero."""
        return self.rate * min(1.0, 0.05 + used / WARM_UP) * max(0.01, 0.5 * (1 + math.cos(math.pi * min(used, 1.0))))


def fit(task: Task[NetT, BatchT], out: Path, settings: Settings) -> Step[Fitted[NetT]]:
    """Train a network until the budget is used up; continue from a checkpoint in `out` if there is one.

    A network that begins trained is validated before the first step, and kept unless training makes a better one.
    Validations take at most `VALIDATING` of a budget of time; the last one belongs to it.

    Parameters
    ----------
    task
        What to learn.
    out
        Folder of the checkpoint and the log.
    settings
        Budget and rates.

    Raises
    ------
    UserError
        If there is no budget, the training diverges, or the checkpoint is broken.
    """
    settings.params.check_budget()
    torch.set_num_threads(max(1, (os.cpu_count() or 2) - 1))  # one core makes the batches
    device = torch_device(settings.params.device)
    torch.backends.cudnn.benchmark = device.type == "cuda"  # all batches have the same shape
    half = MixedPrecision("bf16-mixed", device.type) if settings.half else Precision()
    fabric = Fabric(accelerator=device.type, devices=1, plugins=half)
    state = _start(task, settings, fabric.device, checkpoint(out, task.name))
    module, optimizer = fabric.setup(state.net, state.optimizer)
    began, before, first = time.monotonic(), state.seconds, state.step
    losses = Losses(state, task.name, settings.rate, at_once=1 if device.type == "cpu" else AT_ONCE)
    last_s, done = 0.0, False
    if task.begins_trained and not state.rows:
        last_s = _validate(state, task, out)
    next_check = settings.next_check(settings.used(state.step, state.seconds), last_s)
    batches = made_ahead(lambda n: task.batch(first + n, settings.used(first + n, state.seconds)))
    try:
        while (used := settings.used(state.step, state.seconds)) < 1 and not done:
            for group in optimizer.param_groups:
                group["lr"] = settings.rate_at(used)
            loss = task.loss(module, next(batches).to(fabric.device))
            losses.add(loss)
            optimizer.zero_grad()
            fabric.backward(loss)
            if settings.clip is not None:
                fabric.clip_gradients(module, optimizer, max_norm=settings.clip, error_if_nonfinite=False)
            optimizer.step()
            state.step += 1
            if state.average is not None:
                _average(state.average.module, state.net, state.step, settings.averaged)
            state.seconds = before + time.monotonic() - began
            used = settings.used(state.step, state.seconds)
            done = settings.used(state.step, state.seconds + last_s) >= 1
            near = settings.used(state.step, state.seconds + 2 * last_s) >= 1
            if done or (used >= next_check and not near):
                losses.read()
                last_s = _validate(state, task, out)
                next_check = settings.next_check(used, last_s)
            yield Progress(1.0 if done else used, 1.0, _message(task.name, state), lambda: task.preview(state.judged))
    finally:
        batches.close()
        save(state, checkpoint(out, task.name))
    return _fitted(state, task, settings)


def _fitted(state: State[NetT], task: Task[NetT, BatchT], settings: Settings) -> Fitted[NetT]:
    """Best network of a training; without held-out data too few steps do not count."""
    params = settings.params
    by_steps = params.steps is not None and state.step >= params.steps
    hurried = state.step < LEAST_STEPS and not by_steps
    late = not by_steps and 0 < state.step <= params.least_steps and settings.share(state.seconds) > 1
    best_step = state.best_step
    if hurried and task.begins_trained and math.isnan(state.best_loss):
        best_step, state.best = 0, task.network().state_dict()
    state.net.load_state_dict(state.best)
    return Fitted(state.net.cpu().eval(), state.step, best_step, hurried, state.seconds / 60 if late else None)


def log(out: Path, name: str = "") -> Path:
    """Table of the validations of a network."""
    return out / (f"{name}.csv" if name else LOG)


def made_ahead(make: Callable[[int], T], ahead: int = 4) -> Generator[T, None, None]:
    """``make(0), make(1), ...`` without end, computed in order by one thread that stays `ahead` items in front."""
    with ThreadPoolExecutor(1, "batches") as pool:
        waiting: deque[Future[T]] = deque()
        try:
            for number in count():
                waiting.append(pool.submit(make, number))
                if len(waiting) > ahead:
                    yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


def _start(task: Task[NetT, BatchT], settings: Settings, device: torch.device, path: Path) -> State[NetT]:
    net = task.network()
    for norm in _norms(net):
        norm.momentum = MOMENTUM
    net = net.to(device)
    average = AveragedModel(net, use_buffers=True) if settings.averaged else None
    state = State(net, average, torch.optim.Adam(net.parameters(), fused=device.type == "cuda"))
    restore(state, path, device)
    return state


def _norms(net: nn.Module) -> list[nn.BatchNorm2d]:
    return [layer for layer in net.modules() if isinstance(layer, nn.BatchNorm2d)]


@torch.no_grad()
def _average(mean: nn.Module, net: nn.Module, step: int, steps: int) -> None:
    """Move an exponential average towards a network, faster at first so that random initial weights are forgotten."""
    share = 1.0 if step == 1 else max(1 / steps, 9 / (9 + step))
    torch._foreach_lerp_(_smooth(mean), _smooth(net), share)


def _smooth(net: nn.Module) -> list[Tensor]:
    """Weights and running statistics, without counters."""
    return [tensor for tensor in chain(net.parameters(), net.buffers()) if tensor.is_floating_point()]


@torch.no_grad()
def _settle(net: nn.Module, inputs: Iterable[Tensor], device: torch.device) -> None:
    """Recompute the statistics of batch normalisation as the mean over some input."""
    norms = _norms(net)
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the mean of all
    net.train()
    for one in inputs:
        net(one.to(device))
    for norm in norms:
        norm.momentum = MOMENTUM


def _validate(state: State[NetT], task: Task[NetT, BatchT], out: Path) -> float:
    """Keep the weights if they do best on the held-out data (always if there is none); write log and checkpoint.

    Returns
    -------
    Seconds it took.
    """
    began = time.monotonic()
    net, learning = state.judged, state.judged.training
    if inputs := list(task.settling()):
        _settle(net, inputs, next(net.parameters()).device)
    net.eval()
    with torch.inference_mode():
        row = dict(task.validate(net))
    better = math.isnan(row[HELD_OUT]) or row[HELD_OUT] <= state.best_loss
    if better:
        state.best_loss, state.best = row[HELD_OUT], copy.deepcopy(net.state_dict())
        state.best_step = state.step
    state.rows.append({"step": state.step, "seconds": state.seconds, LOSS: state.loss, **row})
    with atomic_write(log(out, task.name)) as path, path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(state.rows[-1]), restval=math.nan)
        writer.writeheader()
        writer.writerows(state.rows)
    save(state, checkpoint(out, task.name))
    if better:
        task.improved(net)
    net.train(learning)
    return time.monotonic() - began


def _message(name: str, state: State[Any]) -> str:
    held_out = state.rows[-1][HELD_OUT] if state.rows else math.nan
    parts = [f"step {state.step}", f"loss {state.loss:.4f}"]
    parts += [] if math.isnan(held_out) else [f"validation loss {held_out:.4f}"]
    return (f"{name}: " if name else "") + ", ".join(parts)
