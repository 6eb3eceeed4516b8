"""Train a StarDist network within a budget."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from particleforge.models.detector_task import DetectorTask, HeldOut, Mix, Watch, settings, shares
from particleforge.models.device import torch_device
from particleforge.models.device_patches import Pool
from particleforge.models.fit import fit
from particleforge.models.fit_state import Fitted
from particleforge.models.patches import Patch
from particleforge.models.stardist.batches import Batch, collate
from particleforge.models.stardist.config import SMALL, StarDistConfig
from particleforge.models.stardist.device_targets import device_targets
from particleforge.models.stardist.loss import stardist_loss
from particleforge.models.stardist.network import StarDistNet
from particleforge.models.stardist.train_params import TrainParams
from particleforge.models.supply import chunks
from particleforge.seeds import stream
from particleforge.step import Step

RATE_FROM_SCRATCH = 2e-3
RATE_FROM_MODEL = 1e-3


def train_network(
    mix: Mix,
    held_out: HeldOut,
    out: Path,
    params: TrainParams,
    start: StarDistNet | None = None,
    watch: Watch[StarDistNet] = Watch(),
) -> Step[Fitted[StarDistNet]]:
    """Train until the budget is used up; see `fit`.

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
    chosen = settings(params, RATE_FROM_MODEL if start else RATE_FROM_SCRATCH)
    task = _StarDistTask(mix, held_out, params, start, watch)
    if not params.workers:
        return (yield from fit(task, out, chosen))
    params.check_budget()
    size, groups = params.patch_px, shares(mix, params, params.real_share)
    with Pool(chunks(groups, size, params.seed, params.workers), size, torch_device(params.device)) as task.pool:
        return (yield from fit(task, out, chosen))


class _StarDistTask(DetectorTask[StarDistNet, Batch]):
    def __init__(
        self, mix: Mix, held_out: HeldOut, params: TrainParams, start: StarDistNet | None, watch: Watch[StarDistNet]
    ) -> None:
        self._settings = params
        self._config: StarDistConfig = start.config if start else params.network or SMALL
        self.pool: Pool | None = None
        super().__init__(mix, held_out, params, start, watch)

    def initial(self) -> StarDistNet:
        """Make a network that predicts circles of the target size."""
        net = StarDistNet(self._config)
        if net.dist.conv.bias is not None:
            nn.init.constant_(net.dist.conv.bias, self._settings.diameter_px / 2)  # saves hundreds of steps
        return net

    def collate(self, patches: Sequence[Patch]) -> Batch:
        return collate(patches, self._config)

    def batch(self, number: int, used: float) -> Batch:
        if self.pool is None:
            return super().batch(number, used)
        params = self._settings
        patches = self.pool.draw(params.batch_size, params.augment, stream(params.seed, "batch", number))
        return Batch(patches.images[:, None], *device_targets(patches.labels, patches.known, self._config))

    def loss(self, net: nn.Module, batch: Batch) -> Tensor:
        prob, dist = net(batch.image.contiguous(memory_format=torch.channels_last))
        return stardist_loss(prob, dist, batch.prob, batch.dist, batch.weight).total
