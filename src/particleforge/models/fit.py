"""The training loop: budget, schedule, validation, checkpoint, log. The model supplies the rest as a `Task`."""

import copy
import csv
import io
import math
import os
import time
import warnings
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Generator, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain, count
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, Generic, Protocol, Self, TypeVar

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from particleforge.errors import UserError
from particleforge.models.card import CHECKPOINT, LOG
from particleforge.models.device import torch_device
from particleforge.models.losses import AT_ONCE, Losses
from particleforge.models.training_params import TrainingParams
from particleforge.step import Progress, Step
from particleforge.store.files import atomic_write

T = TypeVar("T")
WARM_UP = 0.03
"""Share of the budget during which the learning rate rises."""
MOMENTUM = 0.1
"""Momentum of the running means and variances of batch normalisation."""
LOSS, HELD_OUT = "train_loss", "held_out_loss"
"""Columns of the log."""
_BROKEN = (
    OSError,
    EOFError,
    RuntimeError,
    UnpicklingError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    MemoryError,
)
"""Errors of torch on a file that is not a whole checkpoint of this network."""
_PLAIN = ("step", "seconds", "loss", "best_loss", "best", "rows")


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
        """Share of the budget that is used up."""
        minutes, steps = self.params.minutes, self.params.steps
        return max(([seconds / (60 * minutes)] if minutes else []) + ([step / steps] if steps else []))

    def next_check(self, used: float) -> float:
        """Share of the budget at which the next validation is due, the same after an interruption."""
        return (math.floor(used * self.params.validations + 1e-9) + 1) / self.params.validations

    def rate_at(self, used: float) -> float:
        """Learning rate: warm-up, then a cosine to zero."""
        return self.rate * min(1.0, 0.05 + used / WARM_UP) * max(0.01, 0.5 * (1 + math.cos(math.pi * min(used, 1.0))))


@dataclass
class State(Generic[NetT]):
    """State of a training run; a checkpoint holds all of it."""

    net: NetT
    average: AveragedModel | None
    optimizer: torch.optim.Optimizer
    step: int = 0
    seconds: float = 0.0
    loss: float = math.nan
    best_loss: float = math.inf
    best: dict[str, Any] = field(default_factory=dict)
    rows: list[dict[str, float]] = field(default_factory=list)

    @property
    def judged(self) -> NetT:
        """The network that is validated and kept."""
        return self.net if self.average is None else self.average.module  # type: ignore[return-value]

    def parts(self) -> dict[str, Any]:
        """Return the parts that hold tensors, by name."""
        average = {} if self.average is None else {"average": self.average}
        return {"net": self.net, **average, "optimizer": self.optimizer}


def fit(task: Task[NetT, BatchT], out: Path, settings: Settings) -> Step[NetT]:
    """Train a network until the budget is used up; continue from a checkpoint in `out` if there is one.

    Parameters
    ----------
    task
        What to learn.
    out
        Folder of the checkpoint and the log.
    settings
        Budget and rates.

    Returns
    -------
    The network with the weights that did best on the held-out data, on the CPU.

    Raises
    ------
    UserError
        If there is no budget, the training diverges, or the checkpoint is broken.
    """
    settings.params.check_budget()
    torch.set_num_threads(max(1, (os.cpu_count() or 2) - 1))  # one core makes the batches
    device = torch_device(settings.params.device)
    torch.backends.cudnn.benchmark = device.type == "cuda"  # all batches have the same shape
    fabric = Fabric(accelerator=device.type, devices=1, precision="bf16-mixed" if settings.half else "32-true")
    state = _start(task, settings, fabric.device, checkpoint(out, task.name))
    module, optimizer = fabric.setup(state.net, state.optimizer)
    began, before, first = time.monotonic(), state.seconds, state.step
    losses = Losses(state, task.name, settings.rate, at_once=1 if device.type == "cpu" else AT_ONCE)
    next_check = settings.next_check(settings.used(state.step, state.seconds))
    batches = made_ahead(lambda n: task.batch(first + n, settings.used(first + n, state.seconds)))
    try:
        while (used := settings.used(state.step, state.seconds)) < 1:
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
            if (used := settings.used(state.step, state.seconds)) >= next_check or used >= 1:
                next_check = settings.next_check(used)
                losses.read()
                _validate(state, task, out)
            yield Progress(min(used, 1.0), 1.0, _message(task.name, state), lambda: task.preview(state.judged))
    finally:
        batches.close()
        _save(state, checkpoint(out, task.name))
    state.net.load_state_dict(state.best)
    return state.net.cpu().eval()


def checkpoint(out: Path, name: str = "") -> Path:
    """File from which an interrupted training of a network is continued."""
    return out / (f"{name}.{CHECKPOINT}" if name else CHECKPOINT)


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
    if path.exists():
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # on files that are no checkpoints
                saved = torch.load(path, map_location=device, weights_only=True)
            for name, part in state.parts().items():
                part.load_state_dict(saved[name])
            for name in _PLAIN:
                setattr(state, name, saved[name])
            _check(state)
        except _BROKEN as error:
            raise UserError(f"{path} is broken.", "Remove it; training then starts from the beginning.") from error
    return state


def _check(state: State[Any]) -> None:
    """Refuse a checkpoint that no training wrote."""
    weights = [*state.net.state_dict().values(), *state.judged.state_dict().values(), *state.best.values()]
    if state.step < 0 or not (0 <= state.seconds < math.inf) or not all(map(_is_finite, weights)):
        raise ValueError("its numbers are not those of a training")


def _is_finite(weights: Tensor) -> bool:
    return bool(torch.isfinite(weights).all())


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


def _validate(state: State[NetT], task: Task[NetT, BatchT], out: Path) -> None:
    """Keep the weights if they do best on the held-out data (always if there is none); write log and checkpoint."""
    net, learning = state.judged, state.judged.training
    if inputs := list(task.settling()):
        _settle(net, inputs, next(net.parameters()).device)
    net.eval()
    with torch.inference_mode():
        row = dict(task.validate(net))
    better = math.isnan(row[HELD_OUT]) or row[HELD_OUT] <= state.best_loss
    if better:
        state.best_loss, state.best = row[HELD_OUT], copy.deepcopy(net.state_dict())
    state.rows.append({"step": state.step, "seconds": state.seconds, LOSS: state.loss, **row})
    with atomic_write(log(out, task.name)) as path, path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(state.rows[-1]), restval=math.nan)
        writer.writeheader()
        writer.writerows(state.rows)
    _save(state, checkpoint(out, task.name))
    if better:
        task.improved(net)
    net.train(learning)


def _save(state: State[NetT], path: Path) -> None:
    parts = {name: part.state_dict() for name, part in state.parts().items()}
    whole = io.BytesIO()  # torch does not say why it could not write
    torch.save(parts | {name: getattr(state, name) for name in _PLAIN}, whole)
    with atomic_write(path) as temporary:
        temporary.write_bytes(whole.getbuffer())


def _message(name: str, state: State[Any]) -> str:
    held_out = state.rows[-1][HELD_OUT] if state.rows else math.nan
    parts = [f"step {state.step}", f"loss {state.loss:.4f}"]
    parts += [] if math.isnan(held_out) else [f"validation loss {held_out:.4f}"]
    return (f"{name}: " if name else "") + ", ".join(parts)
