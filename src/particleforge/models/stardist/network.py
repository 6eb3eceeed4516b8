"""The StarDist U-Net in torch, layer by layer as in the official package.

Schmidt et al., Cell detection with star-convex polygons, MICCAI 2018; the U-Net is csbdeep's `unet_block`.
"""

import copy
from collections.abc import Callable, Iterator
from functools import partial
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from particleforge.models.stardist.config import StarDistConfig

KERAS_BATCH_NORM_EPS = 1e-3
KERAS_BATCH_NORM_MOMENTUM = 0.99
_ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": partial(nn.ReLU, inplace=True),  # 20 % faster
    "elu": nn.ELU,
    "selu": nn.SELU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "linear": nn.Identity,
}


class Conv(nn.Module):
    """Convolution, optional batch normalisation, activation.

    Parameters
    ----------
    channels
        Features in and out.
    kernel
        Height and width of the convolution.
    activation
        Name as in Keras.
    batch_norm
        Normalise before the activation.
    """

    def __init__(
        self, channels: tuple[int, int], kernel: tuple[int, int], activation: str, *, batch_norm: bool
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(*channels, kernel, padding=(kernel[0] // 2, kernel[1] // 2))
        self.norm: nn.BatchNorm2d | None = None
        if batch_norm:
            self.norm = nn.BatchNorm2d(channels[1], eps=KERAS_BATCH_NORM_EPS, momentum=1 - KERAS_BATCH_NORM_MOMENTUM)
        self.activation = _ACTIVATIONS[activation]()
        nn.init.xavier_uniform_(self.conv.weight)
        nn.init.zeros_(self.conv.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, in, H, W) to (B, out, H, W)."""
        x = self.conv(x)
        if self.norm is not None:
            x = self.norm(x)
        out: Tensor = self.activation(x)
        return out


class StarDistNet(nn.Module):
    """Predict for each point of the grid how central in an object it is, and the distance to the outline.

    Parameters
    ----------
    config
        The network's architecture.
    """

    def __init__(self, config: StarDistConfig) -> None:
        super().__init__()
        self.config = config
        depth, base, per_level = config.unet_n_depth, config.unet_n_filter_base, config.unet_n_conv_per_depth
        last = config.unet_last_activation or config.unet_activation
        self.before = nn.ModuleList()
        self.before_pools = config.grid_pools
        channels: int = config.n_channel_in
        for _ in self.before_pools:
            self.before.append(self._convs(channels, [base] * per_level, batch_norm=False))
            channels = base
        self.down = nn.ModuleList()
        for level in range(depth):
            self.down.append(self._convs(channels, [base * 2**level] * per_level))
            channels = base * 2**level
        self.middle = self._convs(channels, [base * 2**depth] * (per_level - 1) + [base * 2 ** (depth - 1)])
        channels = base * 2 ** (depth - 1)
        self.up = nn.ModuleList()
        for level in reversed(range(depth)):
            out = base * 2 ** max(0, level - 1)
            filters = [base * 2**level] * (per_level - 1) + [out]
            activation = last if level == 0 else config.unet_activation
            self.up.append(self._convs(channels + base * 2**level, filters, last_activation=activation))
            channels = out
        self.pool = nn.MaxPool2d(config.unet_pool)
        self.unpool = nn.Upsample(scale_factor=tuple(map(float, config.unet_pool)), mode="nearest")
        self.features: Conv | None = None
        if config.net_conv_after_unet:
            kernel, activation = config.unet_kernel_size, config.unet_activation
            self.features = Conv((channels, config.net_conv_after_unet), kernel, activation, batch_norm=False)
            channels = config.net_conv_after_unet
        self.prob = Conv((channels, 1), (1, 1), "linear", batch_norm=False)
        self.dist = Conv((channels, config.n_rays), (1, 1), "linear", batch_norm=False)
        self.to(memory_format=torch.channels_last)  # 1.6 times faster than the default on a CPU

    def _convs(
        self, channels: int, filters: list[int], *, batch_norm: bool | None = None, last_activation: str | None = None
    ) -> nn.Sequential:
        """One convolution per number in `filters`, one after the other."""
        config = self.config
        norm = config.unet_batch_norm if batch_norm is None else batch_norm
        activations = [config.unet_activation] * (len(filters) - 1) + [last_activation or config.unet_activation]
        layers = []
        for out, activation in zip(filters, activations, strict=True):
            layers.append(Conv((channels, out), config.unet_kernel_size, activation, batch_norm=norm))
            channels = out
        return nn.Sequential(*layers)

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

    def embed(self, x: Tensor) -> Tensor:
        """Compute the (B, C, h, w) features of which logits and distances are linear functions, point by point."""
        for convs, pool in zip(self.before, self.before_pools, strict=True):
            x = nn.functional.max_pool2d(convs(x), pool)
        skipped = []
        for convs in self.down:
            x = convs(x)
            skipped.append(x)
            x = self.pool(x)
        x = self.middle(x)
        for convs in self.up:
            x = convs(torch.cat([self.unpool(x), skipped.pop()], dim=1))
        return x if self.features is None else cast(Tensor, self.features(x))

    def folded(self) -> "StarDistNet":
        """Return a copy for prediction alone, its batch normalisation folded into the convolutions."""
        net = copy.deepcopy(self).eval()
        for layer in net.modules():
            if isinstance(layer, Conv) and layer.norm is not None:
                layer.conv, layer.norm = fuse_conv_bn_eval(layer.conv, layer.norm), None
        return net.to(memory_format=torch.channels_last)

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


def each_conv(convs: nn.Module) -> list[Conv]:
    """List the convolutions of a sequence."""
    return [module for module in convs.children() if isinstance(module, Conv)]
