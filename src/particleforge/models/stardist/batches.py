"""Training batches for StarDist."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from particleforge.models.patches import Patch
from particleforge.models.stardist.config import StarDistConfig
from particleforge.models.stardist.targets import targets


class Batch(NamedTuple):
    """Tensors of a batch, (B, channels, height, width); targets and weight are on the network's grid."""

    image: Tensor
    prob: Tensor
    dist: Tensor
    weight: Tensor

    def to(self, device: torch.device) -> "Batch":
        """Return it on a device."""
        return Batch(*(tensor.to(device) for tensor in self))


def collate(patches: Sequence[Patch], config: StarDistConfig) -> Batch:
    """Patches and their targets as one batch."""
    goals = [targets(patch.labels, patch.known, config) for patch in patches]
    return Batch(
        torch.from_numpy(np.stack([patch.image for patch in patches])[:, None]),
        torch.from_numpy(np.stack([goal.prob for goal in goals])[:, None]),
        _channels_last(np.stack([np.moveaxis(goal.dist, 0, -1) for goal in goals])),
        torch.from_numpy(np.stack([goal.weight for goal in goals])[:, None]),
    )


def _channels_last(array: npt.NDArray[np.float32]) -> Tensor:
    """(B, channels, height, width) in the order of memory in which networks work, from (B, height, width, channels)."""
    return torch.from_numpy(array).permute(0, 3, 1, 2)
