"""A U-Net whose features are averaged over the image and classified."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from particleforge.models.unet import UNet
from particleforge.models.unet_config import UNetConfig

LEVELS = 3
"""Lowest resolutions whose features are used."""


class PooledUNet(nn.Module):
    """Means of the features of a U-Net at its lowest resolutions, and a linear layer.

    Parameters
    ----------
    config
        Architecture of the U-Net.
    classes
        Number of classes.
    """

    def __init__(self, config: UNetConfig, classes: int) -> None:
        super().__init__()
        self.body = UNet(config)
        with torch.no_grad():  # to count the features; without a trace in the statistics of batch normalisation
            levels = self.body.eval().levels(torch.zeros(1, 1, *config.divisor))
        self.body.train()
        features = sum(level.shape[1] for level in levels[-LEVELS:])
        self.head = nn.Sequential(nn.LayerNorm(features), nn.Linear(features, classes))

    def forward(self, crops: Tensor) -> Tensor:
        """(B, 1, Y, X) crops to (B, classes) logits; sides are filled up to what the U-Net needs."""
        y, x = (-side % step for side, step in zip(crops.shape[-2:], self.body.config.divisor, strict=True))
        filled = F.pad(crops, (x // 2, x - x // 2, y // 2, y - y // 2), mode="replicate")
        filled = filled.contiguous(memory_format=torch.channels_last)
        pooled = [level.mean((2, 3)) for level in self.body.levels(filled)[-LEVELS:]]
        logits: Tensor = self.head(torch.cat(pooled, 1))
        return logits
