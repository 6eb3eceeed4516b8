"""What the network of a classifier has to learn."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from particleforge.models.classifier.crops import Bytes, Floats
from particleforge.models.classifier.examples import Examples, Ints
from particleforge.models.classifier.train_params import ClassifierParams
from particleforge.models.classifier.vary import mixed, network_input, turned, varied
from particleforge.models.fit import HELD_OUT, Task
from particleforge.quality.confusion import Confusion
from particleforge.seeds import stream

CHUNK = 128
"""Crops given to the network at once."""
SETTLED_ON = 8
"""Batches from which the statistics of batch normalisation are computed."""


@dataclass(frozen=True, eq=False)
class CropBatch:
    """Crops, their classes, and the number of the step, from which all that is random follows."""

    crops: Tensor
    classes: Tensor
    number: int

    def to(self, device: torch.device) -> CropBatch:
        """Return it on a device."""
        return CropBatch(self.crops.to(device), self.classes.to(device), self.number)


class ClassifierTask(Task[nn.Module, CropBatch]):
    """Learn classes from crops; every class is seen equally often, and so is every image of it.

    Parameters
    ----------
    examples, tests
        What to learn from, and what for validation.
    classes
        Names of the classes.
    params
        Budget and settings; their network is settled.
    """

    def __init__(self, examples: Examples, tests: Examples, classes: Sequence[str], params: ClassifierParams) -> None:
        self._examples, self._tests, self._classes, self._params = examples, tests, classes, params
        self._of_class = [_by_image(examples, number) for number in range(len(classes))]

    def network(self) -> nn.Module:
        """Make the network with the weights to start from."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self._params.seed)
            net = self._params.network.build(len(self._classes))
        self._params.network.begin(net)
        return net

    def batch(self, number: int, used: float) -> CropBatch:
        """Draw crops: a class, an image of it, one of its crops; turned and mirrored."""
        rng = stream(self._params.seed, "batch", number)
        chosen = [self._draw(rng) for _ in range(self._params.batch_size)]
        crops = turned(torch.from_numpy(self._examples.crops[chosen])[:, None], rng)
        return CropBatch(crops, torch.from_numpy(self._examples.classes[chosen]), number)

    def loss(self, net: nn.Module, batch: CropBatch) -> Tensor:
        """Cross entropy of crops that are varied and mixed."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(stream(self._params.seed, "vary", batch.number).integers(2**31)))
            crops = network_input(varied(batch.crops, self._params.rand_augment))
            crops, shares = mixed(crops, batch.classes, len(self._classes), self._params.mixup)
            return F.cross_entropy(net(crops), shares)

    def settling(self) -> Iterator[Tensor]:
        """Crops without mixing."""
        for number in range(SETTLED_ON):
            yield network_input(self.batch(-1 - number + 2**31, 0).crops)

    def validate(self, net: nn.Module) -> dict[str, float]:
        """Loss and accuracy of the held-out crops; every class counts equally, and so does every image of it."""
        if not len(self._tests):
            return {HELD_OUT: math.nan, "held_out_accuracy": math.nan, "held_out_balanced": math.nan}
        found = probabilities(net, self._tests.crops)
        sure = np.maximum(found[np.arange(len(found)), self._tests.classes], 1e-6)
        weights = _equal_weights(self._tests)
        confusion = Confusion.of(self._classes, self._tests.classes, found.argmax(1))
        return {
            HELD_OUT: float(-(weights * np.log(sure)).sum()),
            "held_out_accuracy": confusion.accuracy,
            "held_out_balanced": confusion.balanced,
        }

    def _draw(self, rng: np.random.Generator) -> int:
        images = self._of_class[int(rng.integers(len(self._of_class)))]
        crops = images[int(rng.integers(len(images)))]
        return int(crops[int(rng.integers(len(crops)))])


def probabilities(net: nn.Module, crops: Bytes) -> Floats:
    """(n, classes) probabilities of (n, S, S) crops."""
    device = next(net.parameters()).device
    with torch.inference_mode():
        parts = [
            torch.softmax(net(network_input(torch.from_numpy(crops[i : i + CHUNK])[:, None].to(device))), 1).cpu()
            for i in range(0, len(crops), CHUNK)
        ]
        found: Floats = np.concatenate([part.numpy() for part in parts])
    return found


def _by_image(examples: Examples, number: int) -> list[Ints]:
    """Crops of a class, image by image."""
    own = np.flatnonzero(examples.classes == number)
    return [own[examples.images[own] == image] for image in np.unique(examples.images[own])]


def _equal_weights(examples: Examples) -> Floats:
    """(n,) weights with the sum 1; classes weigh the same, and so do images of a class."""
    weights = np.zeros(len(examples), np.float32)
    for number in np.unique(examples.classes):
        images = _by_image(examples, int(number))
        for crops in images:
            weights[crops] = 1 / (len(images) * len(crops))
    return np.asarray(weights / weights.sum(), np.float32)
