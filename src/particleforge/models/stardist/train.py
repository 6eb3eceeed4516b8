"""Train a StarDist network within a budget."""

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from particleforge.errors import UserError
from particleforge.models.device import computes_in_16_bits, torch_device
from particleforge.models.device_patches import Pool
from particleforge.models.fit import HELD_OUT, Settings, Task, fit
from particleforge.models.fit_state import Fitted
from particleforge.models.patches import Patch, Source, draw_patch, mixed
from particleforge.models.stardist.batches import Batch, collate
from particleforge.models.stardist.config import SMALL
from particleforge.models.stardist.device_targets import device_targets
from particleforge.models.stardist.loss import stardist_loss
from particleforge.models.stardist.network import StarDistNet
from particleforge.models.stardist.train_params import TrainParams
from particleforge.models.supply import STILL, chunks
from particleforge.seeds import stream
from particleforge.step import Step

RATE_FROM_SCRATCH = 2e-3
RATE_FROM_MODEL = 1e-3
LARGEST_GRADIENT = 5.0
LEAST_TESTS = 4
"""Least number of batches for validation."""


class Mix(NamedTuple):
    """Sources by origin; each may be empty; see `TrainingSet`."""

    real: Sequence[Source] = ()
    synthetic: Sequence[Source] = ()
    rehearsal: Sequence[Source] = ()


class HeldOut(NamedTuple):
    """Sources for validation by origin; those of each origin count as much in total."""

    real: Sequence[Source] = ()
    synthetic: Sequence[Source] = ()


def _no_preview(net: StarDistNet) -> Any:
    return None


def _no_score(net: StarDistNet) -> float:
    return math.nan


@dataclass(frozen=True)
class Watch:
    """Callbacks of a training; each is given the averaged network.

    Parameters
    ----------
    better
        Called whenever the network did better than before.
    f1
        Its score on held-out annotated particles, for the log; NaN if there are none.
    preview
        Something to show during training; called only when it is displayed.
    """

    better: Callable[[StarDistNet], object] = _no_preview
    f1: Callable[[StarDistNet], float] = _no_score
    preview: Callable[[StarDistNet], Any] = _no_preview


def train_network(
    mix: Mix,
    held_out: HeldOut,
    out: Path,
    params: TrainParams,
    start: StarDistNet | None = None,
    watch: Watch = Watch(),
) -> Step[Fitted[StarDistNet]]:
    """Train until the budget is used up; see `fit`.

    Real sources come first, synthetic ones are mixed in later: used from the start they do harm on short budgets.
    The weights returned are an exponential average, taken where the loss on held-out patches was lowest.

    Parameters
    ----------
    mix
        Training data.
    held_out
        Sources for validation.
    out
        Folder of the checkpoint and the log.
    params
        Budget and settings.
    start
        Network to continue from; None: random initial weights.
    watch
        Callbacks.

    Raises
    ------
    UserError
        If there is no budget or no image, or if the training diverges.
    """
    if not any(map(len, mix)):
        raise UserError("There is no image to train on.")
    rate = params.learning_rate or (RATE_FROM_MODEL if start else RATE_FROM_SCRATCH)
    device = torch_device(params.device)
    half = computes_in_16_bits(device) if params.half is None else params.half
    settings = Settings(params, rate, params.averaged_steps, LARGEST_GRADIENT, half)
    task = _StarDistTask(mix, held_out, params, start, watch)
    if not params.workers:
        return (yield from fit(task, out, settings))
    params.check_budget()
    size, shares = params.patch_px, _shares(mix, params, params.real_share)
    with Pool(chunks(shares, size, params.seed, params.workers), size, device) as task.pool:
        return (yield from fit(task, out, settings))


def _shares(mix: Mix, params: TrainParams, real: float) -> tuple[tuple[Sequence[Source], float], ...]:
    """Give each group of sources its share."""
    own = 1 - params.shapes_share
    return (mix.real, own * real), (mix.synthetic, own * (1 - real)), (mix.rehearsal, params.shapes_share)


class _StarDistTask(Task[StarDistNet, Batch]):
    def __init__(
        self, mix: Mix, held_out: HeldOut, params: TrainParams, start: StarDistNet | None, watch: Watch
    ) -> None:
        self._mix, self._params, self._start, self._watch = mix, params, start, watch
        self._config = start.config if start else params.network or SMALL
        self._tests = self._test_batches(held_out)
        self.pool: Pool | None = None

    @property
    def begins_trained(self) -> bool:
        return self._start is not None

    def network(self) -> StarDistNet:
        """Copy a network to start from, or create one with random weights that predicts circles of the target size."""
        if self._start is not None:
            return copy.deepcopy(self._start)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self._params.seed)
            net = StarDistNet(self._config)
        if net.dist.conv.bias is not None:
            nn.init.constant_(net.dist.conv.bias, self._params.diameter_px / 2)  # saves hundreds of steps
        return net

    def batch(self, number: int, used: float) -> Batch:
        if self.pool is None:
            return collate(self._patches(number, used), self._config)
        params = self._params
        patches = self.pool.draw(params.batch_size, params.augment, stream(params.seed, "batch", number))
        return Batch(patches.images[:, None], *device_targets(patches.labels, patches.known, self._config))

    def loss(self, net: nn.Module, batch: Batch) -> Tensor:
        prob, dist = net(batch.image.contiguous(memory_format=torch.channels_last))
        return stardist_loss(prob, dist, batch.prob, batch.dist, batch.weight).total

    def validate(self, net: StarDistNet) -> dict[str, float]:
        device = next(net.parameters()).device
        losses = []
        for image, *goals in (batch.to(device) for batch in self._tests):
            losses.append(stardist_loss(*net(image), *goals).total.item())
        return {HELD_OUT: float(np.mean(losses)) if losses else math.nan, "held_out_f1": self._watch.f1(net)}

    def improved(self, net: StarDistNet) -> None:
        self._watch.better(net)

    def preview(self, net: StarDistNet) -> Any:
        return self._watch.preview(net)

    def _patches(self, number: int, used: float) -> list[Patch]:
        mix, params = self._mix, self._params
        rng = stream(params.seed, "batch", number)
        real = 1.0 if used < params.real_first and len(mix.real) else params.real_share
        groups = _shares(mix, params, real)
        return [draw_patch(mixed(groups, rng), params.patch_px, params.augment, rng) for _ in range(params.batch_size)]

    def _test_batches(self, held_out: HeldOut) -> list[Batch]:
        """Patches without augmentation, always the same; half of the batches are real where there are both kinds."""
        rng = stream(self._params.seed, "held out")
        given = [sources for sources in held_out if len(sources)]
        count = max(LEAST_TESTS, sum(map(len, given)) // 4)
        batches = []
        for number in range(count if given else 0):
            group = given[number % len(given)]
            patches = [draw_patch(mixed(((group, 1.0),), rng), self._params.patch_px, STILL, rng) for _ in range(4)]
            batches.append(collate(patches, self._config))
        return batches
