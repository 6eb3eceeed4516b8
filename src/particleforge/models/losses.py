"""The running mean of the loss of a training."""

import math
from typing import Protocol

import torch
from torch import Tensor

from particleforge.errors import UserError

AT_ONCE = 20
"""Number of losses read from a graphics card at once."""


class HasLoss(Protocol):
    """State of a training: the number of steps taken and the running mean of the loss, NaN at first."""

    step: int
    loss: float


class Losses:
    """Losses of the training steps, read from the device several at once, for each reading waits for the device.

    Parameters
    ----------
    state
        Where their running mean is kept.
    name, rate
        Name of the network and its learning rate, for the message if it diverges.
    at_once
        How many are read at once.
    """

    def __init__(self, state: HasLoss, name: str, rate: float, at_once: int) -> None:
        self._state, self._name, self._rate, self._at_once = state, name, rate, at_once
        self._unread: list[Tensor] = []

    def add(self, loss: Tensor) -> None:
        """Add the loss of the next step."""
        self._unread.append(loss.detach())
        if len(self._unread) >= self._at_once:
            self.read()

    def read(self) -> None:
        """Update the running mean.

        Raises
        ------
        UserError
            If a loss is not finite.
        """
        state = self._state
        for loss in torch.stack(self._unread).tolist() if self._unread else ():
            _refuse_divergence(loss, self._name, state.step, self._rate)
            state.loss = loss if math.isnan(state.loss) else 0.95 * state.loss + 0.05 * loss
        self._unread.clear()


def _refuse_divergence(loss: float, name: str, step: int, rate: float) -> None:
    if not math.isfinite(loss):
        of_name = f" of {name}" if name else ""
        raise UserError(
            f"The training{of_name} diverged: the loss is {loss} at step {step}.",
            f"Use a learning_rate below {rate:g}.",
        )
