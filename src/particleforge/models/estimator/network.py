"""The network of an estimator."""

import math

import torch
from torch import Tensor, nn

from particleforge.errors import UserError
from particleforge.models.estimator.config import NetworkConfig
from particleforge.models.estimator.target import Batch, Target


def scaled_sigmoid(logit: Tensor, low: float, high: float) -> Tensor:
    """Sigmoid from `low` to `high`."""
    return low + (high - low) * torch.sigmoid(logit)


def network_input(pixels: Tensor, target: Target) -> Tensor:
    """Map prepared pixels (uint8) to -1 to 1; the foreground is inverted if the target requires it.

    For ``inverse``, a share v of the grey range becomes threshold / v if it is above the threshold, else 0.
    """
    share = pixels.float() / 255
    if target.grey == "inverse":
        share = torch.where(share > target.threshold, target.threshold / share.clamp(min=target.threshold), 0.0)
    return 2 * share - 1


class EstimatorNet(nn.Module):
    """Features of each image by convolutions, joined over the images of a batch, then one number or several.

    Parameters
    ----------
    config
        Sizes of the layers.
    shape
        Height and width of the images.
    target
        Number of images at once, and how their features are joined.
    outputs
        Number of outputs.

    Raises
    ------
    UserError
        If the images are too small for the poolings.
    """

    def __init__(self, config: NetworkConfig, shape: tuple[int, int], target: Target, outputs: int = 1) -> None:
        super().__init__()
        least = config.fold * 2 ** len(config.convolutions)
        small = [side // least for side in shape]
        if min(small) < 1 or any(side % config.fold for side in shape):
            raise UserError(
                f"Prepared images measure {shape[0]} x {shape[1]} px; {len(config.convolutions)} poolings need "
                f"at least {least} px, and a fold of {config.fold} needs multiples of it.",
                "Use a smaller pool or fold, fewer blocks of convolutions, or larger images.",
            )
        layers: list[nn.Module] = [nn.PixelUnshuffle(config.fold)] if config.fold > 1 else []
        before = config.fold**2
        for count, channels in zip(config.convolutions, config.channels, strict=True):
            for _ in range(count):
                layers += [nn.Conv2d(before, channels, 3, padding=1), nn.BatchNorm2d(channels), nn.ReLU()]
                before = channels
            layers.append(nn.MaxPool2d(2))
        if config.global_pooling:
            layers.append(nn.AdaptiveAvgPool2d(1))
            small = [1, 1]
        layers += [nn.Flatten(), nn.Linear(before * small[0] * small[1], config.hidden), nn.ReLU()]
        layers += [nn.Linear(config.hidden, config.features), nn.ReLU()]
        self.features = nn.Sequential(*layers)
        """(N, 1, Y, X) images to (N, features)."""
        self.concatenated = target.images if isinstance(target, Batch) and target.join == "concatenate" else 0
        self.head = nn.Sequential(
            nn.Linear(config.features * max(1, self.concatenated), config.hidden),
            nn.ReLU(),
            nn.Linear(config.hidden, outputs),
        )
        self.to(memory_format=torch.channels_last)  # faster with few channels

    def forward(self, images: Tensor) -> Tensor:
        """(B, K, Y, X) batches of K images to (B, outputs) logits."""
        batches, count = images.shape[:2]
        features = self.features(images.reshape(batches * count, 1, *images.shape[2:]))
        return self.joined(features.reshape(batches, count, -1))

    def joined(self, features: Tensor) -> Tensor:
        """(B, K, features) of batches to (B, outputs) logits."""
        together = features.flatten(1) if self.concatenated else features.mean(1)
        logits: Tensor = self.head(together)
        return logits

    def predict(self, features: Tensor) -> Tensor:
        """(K, features) of any number of images to one number between 0 and 1.

        A network that concatenates is evaluated once for each cyclic shift of the images.
        """
        if self.concatenated:
            count = len(features)
            shifts = torch.arange(count)[:, None] + torch.arange(self.concatenated)
            return torch.sigmoid(self.joined(features[shifts % count])).mean()
        return torch.sigmoid(self.joined(features[None]))[0, 0]

    def begin_at(self, mean: float) -> None:
        """Make the untrained network predict about the mean of its targets."""
        last = self.head[-1]
        mean = min(max(mean, 0.01), 0.99)
        if isinstance(last, nn.Linear):
            nn.init.constant_(last.bias, math.log(mean / (1 - mean)))
