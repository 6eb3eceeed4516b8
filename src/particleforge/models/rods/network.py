"""A network that describes, at each point of a rod, the whole rod."""

from torch import Tensor, nn

from particleforge.models.grid_net import GridNet
from particleforge.models.unet import Conv
from particleforge.models.unet_config import UNetConfig

SCALES = (16.0, 16.0, 0.5, 1.0, 1.0, 8.0, 8.0, 0.5, 4.0, 4.0)
"""Size of a usual value of each geometry channel, by which the network's output is multiplied; see `targets`."""
CHANNELS = len(SCALES)


class RodsNet(GridNet):
    """Predict for each point of the grid how central in a rod it is, and that rod.

    Parameters
    ----------
    config
        Architecture of the U-Net.
    """

    def __init__(self, config: UNetConfig) -> None:
        super().__init__(config)
        self.prob = Conv((self.channels, 1), (1, 1), "linear", batch_norm=False)
        self.rod = Conv((self.channels, CHANNELS), (1, 1), "linear", batch_norm=False)
        nn.init.normal_(self.rod.conv.weight, std=0.01)

    @property
    def head(self) -> Conv:
        """Head of the geometry."""
        return self.rod

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Predict maps on the grid.

        Parameters
        ----------
        x
            (B, 1, H, W) normalised images; H and W divisible by `config.divisor`.

        Returns
        -------
        prob_logits, rod
            (B, 1, h, w) logits of the centrality, and (B, `CHANNELS`, h, w) geometry in units of `SCALES`.
        """
        features = self.embed(x)
        return self.prob(features), self.rod(features)
