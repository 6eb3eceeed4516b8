"""Train one network of an estimator within a budget."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from particleforge.models import fit as fitting
from particleforge.models.estimator.augment import varied
from particleforge.models.estimator.network import EstimatorNet, network_input
from particleforge.models.estimator.preparation import Bytes
from particleforge.models.estimator.target import Floats, Ints, Target
from particleforge.models.estimator.train_params import EstimatorParams
from particleforge.models.fit import HELD_OUT, Settings, fit
from particleforge.models.fit_state import checkpoint
from particleforge.seeds import stream
from particleforge.step import Progress, Step

TESTS = 512
"""Maximum number of batches for validation."""
SETTLED_ON = 1024
"""Images from which the statistics of batch normalisation are computed."""
CHUNK = 64


@dataclass(frozen=True, eq=False)
class Task:
    """What one network has to learn.

    Parameters
    ----------
    name
        Name used for its files and in progress messages.
    target
        What is estimated.
    images
        (n, Y, X) uint8.
    goals
        (n, outputs) desired outputs, between 0 and 1; nan if not known.
    binary
        Whether goals are yes or no.
    pools, tests
        Sets of indices that are drawn equally often, for training and for validation.
    """

    name: str
    target: Target
    images: Bytes
    goals: Floats
    binary: bool
    pools: Sequence[Ints]
    tests: Sequence[Ints]

    def draw(self, pools: Sequence[Ints], size: int, rng: np.random.Generator) -> Ints:
        """(size, K) indices, each row from one pool, without repetition."""
        which = rng.integers(len(pools), size=size)
        rows = [rng.choice(pools[pool], self.target.images, replace=False) for pool in which]
        return np.stack(rows)

    def batch(self, rows: Ints) -> tuple[Tensor, Tensor]:
        """(B, K, Y, X) pixels and (B, outputs) goals."""
        return torch.from_numpy(self.images[rows]), torch.from_numpy(self.goals[rows].mean(1).astype(np.float32))

    def loss(self, logits: Tensor, goals: Tensor) -> Tensor:
        """Cross entropy for binary goals, else mean squared error; unknown goals are ignored."""
        known = ~goals.isnan()
        if self.binary:
            return F.binary_cross_entropy_with_logits(logits[known], goals[known])
        return F.mse_loss(torch.sigmoid(logits[known]), goals[known])


@dataclass(frozen=True, eq=False)
class EstimatorBatch:
    """Images, goals, and the random generator for their augmentation."""

    pixels: Tensor
    goals: Tensor
    rng: np.random.Generator

    def to(self, device: torch.device) -> "EstimatorBatch":
        """Return it on a device."""
        return EstimatorBatch(self.pixels.to(device), self.goals.to(device), self.rng)


def train_net(task: Task, out: Path, params: EstimatorParams, before: EstimatorNet | None = None) -> Step[EstimatorNet]:
    """Train until the budget is used up; see `fit`.

    The weights returned are those with the lowest loss on held-out samples.

    Parameters
    ----------
    task
        What to learn.
    out
        Folder of the checkpoint and the log.
    params
        Budget and settings.
    before
        A network whose features are the starting point; None: random weights.

    Raises
    ------
    UserError
        If the training diverges.
    """
    settings = Settings(params, params.learning_rate, half=params.half)
    fitted = yield from fit(_EstimatorTask(task, params, before), out, settings)
    if fitted.remark:
        yield Progress(1, 1, f"{task.name}: {fitted.remark}")
    return fitted.net


def clear(out: Path, name: str) -> None:
    """Remove the checkpoint of a network whose weights are saved."""
    checkpoint(out, name).unlink(missing_ok=True)


class _EstimatorTask(fitting.Task[EstimatorNet, EstimatorBatch]):
    def __init__(self, task: Task, params: EstimatorParams, before: EstimatorNet | None) -> None:
        self._task, self._params, self._before, self.name = task, params, before, task.name
        self._size = max(1, params.batch_size // task.target.images)
        count = min(TESTS, sum(map(len, task.tests)))
        self._tests = task.draw(task.tests, count, stream(params.seed, task.name, "tests"))

    def network(self) -> EstimatorNet:
        task, params = self._task, self._params
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(stream(params.seed, task.name, "weights").integers(2**31)))
            net = EstimatorNet(params.network, task.images.shape[1:], task.target, task.goals.shape[1])
        net.begin_at(float(np.mean([np.nanmean(task.goals[pool]) for pool in task.pools])))
        if self._before is not None:
            net.features.load_state_dict(self._before.features.state_dict())
        return net

    def batch(self, number: int, used: float) -> EstimatorBatch:
        rng = stream(self._params.seed, self.name, "step", number)
        return EstimatorBatch(*self._task.batch(self._task.draw(self._task.pools, self._size, rng)), rng)

    def loss(self, net: nn.Module, batch: EstimatorBatch) -> Tensor:
        pixels = varied(batch.pixels, self._params.augment, batch.rng)
        return self._task.loss(net(network_input(pixels, self._task.target)), batch.goals)

    def settling(self) -> Iterator[Tensor]:
        rng = stream(self._params.seed, self.name, "settle")
        for _ in range(-(-SETTLED_ON // (self._size * self._task.target.images))):
            pixels, _ = self._task.batch(self._task.draw(self._task.pools, self._size, rng))
            yield network_input(pixels, self._task.target)

    def validate(self, net: EstimatorNet) -> dict[str, float]:
        device = next(net.parameters()).device
        losses = []
        for rows in np.array_split(self._tests, max(1, self._tests.size // CHUNK)):
            pixels, goals = (part.to(device) for part in self._task.batch(rows))
            losses.append(float(self._task.loss(net(network_input(pixels, self._task.target)), goals)) * len(rows))
        return {HELD_OUT: sum(losses) / len(self._tests)}
