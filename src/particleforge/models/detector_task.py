"""What detectors have in common when they learn: patches of real and synthetic images, and validation on others."""

import copy
import math
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
import torch
from torch import nn

from particleforge.errors import UserError
from particleforge.models.detector_params import DetectorTraining
from particleforge.models.device import computes_in_16_bits, torch_device
from particleforge.models.fit import HELD_OUT, Movable, Settings, Task
from particleforge.models.patches import Patch, Source, draw_patch, mixed
from particleforge.models.supply import STILL
from particleforge.seeds import stream

NetT = TypeVar("NetT", bound=nn.Module)
BatchT = TypeVar("BatchT", bound=Movable)
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


def _no_preview(net: Any) -> Any:
    return None


def _no_score(net: Any) -> float:
    return math.nan


@dataclass(frozen=True)
class Watch(Generic[NetT]):
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

    better: Callable[[NetT], object] = _no_preview
    f1: Callable[[NetT], float] = _no_score
    preview: Callable[[NetT], Any] = _no_preview


def settings(params: DetectorTraining, rate: float) -> Settings:
    """Return how a detector learns, with a peak learning rate for where none is given.

    Raises
    ------
    UserError
        If the device does not exist.
    """
    half = computes_in_16_bits(torch_device(params.device)) if params.half is None else params.half
    return Settings(params, params.learning_rate or rate, params.averaged_steps, LARGEST_GRADIENT, half)


def shares(mix: Mix, params: DetectorTraining, real: float) -> tuple[tuple[Sequence[Source], float], ...]:
    """Give each group of sources its share."""
    own = 1 - params.shapes_share
    return (mix.real, own * real), (mix.synthetic, own * (1 - real)), (mix.rehearsal, params.shapes_share)


class DetectorTask(Task[NetT, BatchT]):
    """Learn from patches; a kind of detector gives the network, the targets and the loss.

    Real sources come first, synthetic ones are mixed in later: used from the start they do harm on short budgets.

    Parameters
    ----------
    mix
        Training data.
    held_out
        Sources for validation.
    params
        Budget and settings.
    start
        Network to continue from; None: random initial weights.
    watch
        Callbacks.

    Raises
    ------
    UserError
        If there is no image.
    """

    def __init__(
        self,
        mix: Mix,
        held_out: HeldOut,
        params: DetectorTraining,
        start: NetT | None = None,
        watch: Watch[NetT] | None = None,
    ) -> None:
        if not any(map(len, mix)):
            raise UserError("There is no image to train on.")
        self._mix, self._params, self._start = mix, params, start
        self._watch = watch or Watch[NetT]()
        self._tests = self._test_batches(held_out)

    @abstractmethod
    def initial(self) -> NetT:
        """Make a network with random weights."""

    @abstractmethod
    def collate(self, patches: Sequence[Patch]) -> BatchT:
        """Patches and their targets as one batch."""

    @property
    def begins_trained(self) -> bool:
        """Whether there is a network to continue from."""
        return self._start is not None

    def network(self) -> NetT:
        """Copy the network to start from, or create one with random weights."""
        if self._start is not None:
            return copy.deepcopy(self._start)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self._params.seed)
            return self.initial()

    def batch(self, number: int, used: float) -> BatchT:
        """Batch of a step, always the same for the same step and share of the budget."""
        mix, params = self._mix, self._params
        rng = stream(params.seed, "batch", number)
        real = 1.0 if used < params.real_first and len(mix.real) else params.real_share
        groups = shares(mix, params, real)
        size = params.patch_px
        return self.collate(
            [draw_patch(mixed(groups, rng), size, params.augment, rng) for _ in range(params.batch_size)]
        )

    def validate(self, net: NetT) -> dict[str, float]:
        """Mean loss on held-out patches, and the score of `Watch`."""
        device = next(net.parameters()).device
        losses = [self.loss(net, batch.to(device)).item() for batch in self._tests]
        return {HELD_OUT: float(np.mean(losses)) if losses else math.nan, "held_out_f1": self._watch.f1(net)}

    def improved(self, net: NetT) -> None:
        """Pass it on to `Watch`."""
        self._watch.better(net)

    def preview(self, net: NetT) -> Any:
        """Pass it on to `Watch`."""
        return self._watch.preview(net)

    def _test_batches(self, held_out: HeldOut) -> list[BatchT]:
        """Patches without augmentation, always the same; half of the batches are real where there are both kinds."""
        rng = stream(self._params.seed, "held out")
        given = [sources for sources in held_out if len(sources)]
        count = max(LEAST_TESTS, sum(map(len, given)) // 4)
        batches = []
        for number in range(count if given else 0):
            group = given[number % len(given)]
            patches = [draw_patch(mixed(((group, 1.0),), rng), self._params.patch_px, STILL, rng) for _ in range(4)]
            batches.append(self.collate(patches))
        return batches
