"""What a Mask R-CNN learns from a batch."""

from collections.abc import Callable, Sequence
from zlib import crc32

import torch
from torch import Tensor, nn

from particleforge.models.detector_task import DetectorTask, HeldOut, Mix, Watch
from particleforge.models.maskrcnn.batches import Batch, collate
from particleforge.models.maskrcnn.config import MaskRCNNConfig
from particleforge.models.maskrcnn.network import MaskRCNNNet
from particleforge.models.maskrcnn.train_params import MaskRCNNTraining
from particleforge.models.patches import Patch


class MaskRCNNTask(DetectorTask[MaskRCNNNet, Batch]):
    """Learn boxes, classes and masks.

    Parameters
    ----------
    mix, held_out, params, watch
        See `DetectorTask`.
    config
        Architecture of a new network.
    start
        Network to continue from; None: a new one.
    fill
        Fills a new network with weights of others.
    """

    def __init__(
        self,
        mix: Mix,
        held_out: HeldOut,
        params: MaskRCNNTraining,
        config: MaskRCNNConfig,
        start: MaskRCNNNet | None = None,
        fill: Callable[[MaskRCNNNet], object] = lambda net: None,
        watch: Watch[MaskRCNNNet] = Watch(),
    ) -> None:
        self._config, self._fill = config, fill
        super().__init__(mix, held_out, params, start, watch)

    def initial(self) -> MaskRCNNNet:
        """Make a network with random weights, and fill in those of others."""
        net = MaskRCNNNet(self._config)
        self._fill(net)
        return net

    def collate(self, patches: Sequence[Patch]) -> Batch:
        """Patches and their particles as one batch."""
        return collate(patches, self._config.classes, crc32(patches[0].image.tobytes()))

    def loss(self, net: nn.Module, batch: Batch) -> Tensor:
        """Sum of the losses of both stages; the boxes that are drawn depend on the batch alone."""
        device = batch.images.device
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            torch.manual_seed(batch.seed)
            total: Tensor = net(batch.images, batch.targets)
        return total
