"""Train a network for rods within a budget."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from particleforge.models.detector_task import DetectorTask, HeldOut, Mix, Watch
from particleforge.models.patches import Patch
from particleforge.models.rods.loss import rods_loss
from particleforge.models.rods.network import RodsNet
from particleforge.models.rods.targets import targets
from particleforge.models.rods.train_params import RodsTraining
from particleforge.models.unet_config import UNetConfig

RATE = 2e-3
SMALL = UNetConfig(unet_n_filter_base=16, net_conv_after_unet=64, unet_batch_norm=True)
"""Architecture of a network that begins with random weights."""


class Batch(NamedTuple):
    """Tensors of a batch, (B, channels, height, width); all but the image are on the network's grid."""

    image: Tensor
    prob: Tensor
    rod: Tensor
    slender: Tensor
    weight: Tensor

    def to(self, device: torch.device) -> "Batch":
        """Return it on a device."""
        return Batch(*(tensor.to(device) for tensor in self))


class RodsTask(DetectorTask[RodsNet, Batch]):
    """Learn rods; see `DetectorTask`."""

    def __init__(
        self,
        mix: Mix,
        held_out: HeldOut,
        params: RodsTraining,
        start: RodsNet | None = None,
        watch: Watch[RodsNet] | None = None,
    ) -> None:
        self._config = start.config if start else SMALL
        super().__init__(mix, held_out, params, start, watch)

    def initial(self) -> RodsNet:
        """Make a network with random weights."""
        return RodsNet(self._config)

    def collate(self, patches: Sequence[Patch]) -> Batch:
        """Patches and their targets as one batch."""
        goals = [targets(patch, self._config.grid) for patch in patches]

        def stacked(name: str) -> Tensor:
            maps = np.stack([getattr(goal, name) for goal in goals])
            return torch.from_numpy(maps if maps.ndim == 4 else maps[:, None])

        image = torch.from_numpy(np.stack([patch.image for patch in patches])[:, None])
        return Batch(image, *(stacked(name) for name in ("prob", "rod", "slender", "weight")))

    def loss(self, net: nn.Module, batch: Batch) -> Tensor:
        """Loss of a batch; see `rods_loss`."""
        maps = net(batch.image.contiguous(memory_format=torch.channels_last))
        return rods_loss(maps, batch.prob, batch.rod, batch.slender, batch.weight)
