"""The StarDist network in torch, layer by layer as in the official package.

Schmidt et al., Cell detection with star-convex polygons, MICCAI 2018.
"""

from collections.abc import Iterator

from torch import Tensor

from particleforge.models.grid_net import GridNet
from particleforge.models.stardist.config import StarDistConfig
from particleforge.models.unet import Conv, each_conv


class StarDistNet(GridNet):
    """Predict for each point of the grid how central in an object it is, and the distance to the outline.

    Parameters
    ----------
    config
        The network's architecture.
    """

    config: StarDistConfig

    def __init__(self, config: StarDistConfig) -> None:
        super().__init__(config)
        self.prob = Conv((self.channels, 1), (1, 1), "linear", batch_norm=False)
        self.dist = Conv((self.channels, config.n_rays), (1, 1), "linear", batch_norm=False)

    @property
    def head(self) -> Conv:
        """Head of the distances."""
        return self.dist

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Predict maps on the grid.

        Parameters
        ----------
        x
            (B, 1, H, W) normalised images; H and W divisible by `config.divisor`.

        Returns
        -------
        prob_logits, dist
            (B, 1, h, w) logits of the object probability and (B, n_rays, h, w) distances in pixels,
            with h = H / grid[0] and w = W / grid[1].
        """
        features = self.embed(x)
        return self.prob(features), self.dist(features)

    def official_layers(self) -> Iterator[tuple[str, Conv]]:
        """Every convolution with its name in the official package, in Keras' order.

        The convolutions before the U-Net have no fixed names there; their names are empty.
        """
        last, prefix = self.config.unet_n_conv_per_depth, self.config.unet_prefix
        for convs in self.before:
            yield from (("", conv) for conv in each_conv(convs))
        for level, convs in enumerate(self.down):
            yield from ((f"{prefix}down_level_{level}_no_{i}", conv) for i, conv in enumerate(each_conv(convs)))
        numbers = [*range(last - 1), last]
        yield from ((f"{prefix}middle_{i}", conv) for i, conv in zip(numbers, each_conv(self.middle), strict=True))
        for level, convs in zip(reversed(range(len(self.up))), self.up, strict=True):
            named = zip(numbers, each_conv(convs), strict=True)
            yield from ((f"{prefix}up_level_{level}_no_{i}", conv) for i, conv in named)
        if self.features is not None:
            yield "features", self.features
        yield "prob", self.prob
        yield "dist", self.dist
