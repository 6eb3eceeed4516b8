"""State of a training, the checkpoint that holds it, and what becomes of it."""

import io
import math
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from particleforge.errors import UserError
from particleforge.models.card import CHECKPOINT
from particleforge.store.files import atomic_write
from particleforge.wording import plural

NetT = TypeVar("NetT", bound=nn.Module)

LEAST_STEPS = 20
"""Steps below which a training that ran out of time has hardly begun."""
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
_PLAIN = ("step", "seconds", "loss", "best_loss", "best", "best_step", "rows")


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
    best_step: int = 0
    rows: list[dict[str, float]] = field(default_factory=list)

    @property
    def judged(self) -> NetT:
        """The network that is validated and kept."""
        return self.net if self.average is None else self.average.module  # type: ignore[return-value]

    def parts(self) -> dict[str, Any]:
        """Return the parts that hold tensors, by name."""
        average = {} if self.average is None else {"average": self.average}
        return {"net": self.net, **average, "optimizer": self.optimizer}


@dataclass(frozen=True, eq=False)
class Fitted(Generic[NetT]):
    """A trained network.

    Parameters
    ----------
    net
        The network with the weights that did best on the held-out data, on the CPU.
    steps
        Number of steps that were done.
    best_step
        Step after which the weights were as they are; 0: they are those it began with.
    hurried
        Whether time ended the training before `LEAST_STEPS`.
    late_minutes
        Minutes it took, if the least number of steps took longer than the time given.
    """

    net: NetT
    steps: int
    best_step: int
    hurried: bool
    late_minutes: float | None = None

    @property
    def remark(self) -> str:
        """What a person should know of the training; empty if all is well."""
        steps = plural(self.steps, "training step")
        few = f"Only {steps} could be done in the time given"
        if self.hurried and self.best_step:
            return f"{few}; the model has hardly learned anything new. Give more time or use a faster computer."
        if self.hurried:
            return f"{few}, and nothing better was found: the model is the one it began with. Give more time."
        remarks = []
        if self.late_minutes is not None:
            remarks.append(
                f"The computer is slow or busy: the {steps} that are always done took {self.late_minutes:.2g} min."
            )
        if not self.best_step:
            remarks.append("Training made nothing better of the weights it began with, which were kept.")
        return " ".join(remarks)


def checkpoint(out: Path, name: str = "") -> Path:
    """File from which an interrupted training of a network is continued."""
    return out / (f"{name}.{CHECKPOINT}" if name else CHECKPOINT)


def restore(state: State[Any], path: Path, device: torch.device) -> None:
    """Take everything from a checkpoint, if there is one.

    Raises
    ------
    UserError
        If it is broken.
    """
    if not path.exists():
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on files that are no checkpoints
            saved = torch.load(path, map_location=device, weights_only=True)
        for name, inner in state.parts().items():
            inner.load_state_dict(saved[name])
        saved.setdefault("best_step", saved["step"])  # older checkpoints lack it
        for name in _PLAIN:
            setattr(state, name, saved[name])
        _check(state)
    except _BROKEN as error:
        raise UserError(f"{path} is broken.", "Remove it; training then starts from the beginning.") from error


def _check(state: State[Any]) -> None:
    """Refuse a checkpoint that no training wrote."""
    weights = [*state.net.state_dict().values(), *state.judged.state_dict().values(), *state.best.values()]
    if state.step < 0 or not (0 <= state.seconds < math.inf) or not all(map(_is_finite, weights)):
        raise ValueError("its numbers are not those of a training")


def _is_finite(weights: Tensor) -> bool:
    return bool(torch.isfinite(weights).all())


def save(state: State[NetT], path: Path) -> None:
    """Write a checkpoint.

    Raises
    ------
    UserError
        If the disk is full or not writable.
    """
    parts = {name: part.state_dict() for name, part in state.parts().items()}
    whole = io.BytesIO()  # torch does not say why it could not write
    torch.save(parts | {name: getattr(state, name) for name in _PLAIN}, whole)
    with atomic_write(path) as temporary:
        temporary.write_bytes(whole.getbuffer())
