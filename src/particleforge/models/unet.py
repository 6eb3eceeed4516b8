"""A U-Net in torch, layer by layer that of official StarDist, which is csbdeep's `unet_block`.

Ronneberger et al., MICCAI 2015; Schmidt et al., Cell detection with star-convex polygons, MICCAI 2018.
"""

import copy
from collections.abc import Callable
from functools import partial
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from particleforge.models.unet_config import UNetConfig

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
        self.to(memory_format=torch.channels_last)  # 1.6 times faster than the default on a CPU

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, in, H, W) to (B, out, H, W)."""
        x = self.conv(x)
        if self.norm is not None:
            x = self.norm(x)
        out: Tensor = self.activation(x)
        return out


class UNet(nn.Module):
    """Compute features for each point of the grid; networks derived from it add heads of their own.

    Parameters
    ----------
    config
        The network's architecture.
    """

    def __init__(self, config: UNetConfig) -> None:
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
        self.channels = channels
        """Number of features."""

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

    def embed(self, x: Tensor) -> Tensor:
        """Compute (B, `channels`, h, w) features, with h = H / grid[0] and w = W / grid[1].

        Parameters
        ----------
        x
            (B, 1, H, W) normalised images; H and W divisible by `config.divisor`.
        """
        return self.levels(x)[0]

    def levels(self, x: Tensor) -> list[Tensor]:
        """Compute a pyramid of features: those of `embed`, then those of each lower resolution, the lowest last."""
        *skipped, x = self.encode(x)[len(self.before) :]
        pyramid = [x]
        for convs in self.up:
            x = convs(torch.cat([self.unpool(x), skipped.pop()], dim=1))
            pyramid.insert(0, x)
        if self.features is not None:
            pyramid[0] = self.features(x)
        return pyramid

    def encode(self, x: Tensor) -> list[Tensor]:
        """Compute the features of each block of convolutions on the way down, the lowest resolution last.

        Parameters
        ----------
        x
            As for `embed`.
        """
        found = []
        for convs, pool in zip(self.before, self.before_pools, strict=True):
            found.append(convs(x))
            x = nn.functional.max_pool2d(found[-1], pool)
        for convs in self.down:
            found.append(convs(x))
            x = self.pool(found[-1])
        return [*found, self.middle(x)]

    def take_over(self, other: "UNet") -> list[str]:
        """Copy those weights from another network that have the same name and shape in both.

        Returns
        -------
        list of str
            Names of the weights that were copied.
        """
        own, given = self.state_dict(), other.state_dict()
        taken = {name: value for name, value in given.items() if name in own and own[name].shape == value.shape}
        self.load_state_dict(own | taken)
        return list(taken)

    def folded(self) -> Self:
        """Return a copy for prediction alone, its batch normalisation folded into the convolutions."""
        net = copy.deepcopy(self).eval()
        for layer in net.modules():
            if isinstance(layer, Conv) and layer.norm is not None:
                layer.conv, layer.norm = fuse_conv_bn_eval(layer.conv, layer.norm), None
        return net.to(memory_format=torch.channels_last)


def each_conv(convs: nn.Module) -> list[Conv]:
    """List the convolutions of a sequence."""
    return [module for module in convs.children() if isinstance(module, Conv)]
