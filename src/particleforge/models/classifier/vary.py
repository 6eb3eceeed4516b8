"""Augmentation of crops: turned and mirrored, RandAugment, MixUp."""

import numpy as np
import torch
from torch import Tensor
from torchvision.transforms import v2

ALIKE = 8
"""Crops that RandAugment varies in the same way; it draws once for all that it is given."""


def turned(crops: Tensor, rng: np.random.Generator) -> Tensor:
    """(B, 1, S, S) crops, each turned by a multiple of 90° and mirrored at random."""
    quarters, flips = rng.integers(4, size=len(crops)), rng.random(len(crops)) < 0.5
    return torch.stack(
        [
            torch.rot90(crop.flip(-1) if flip else crop, int(quarter), (-2, -1))
            for crop, quarter, flip in zip(crops, quarters, flips, strict=True)
        ]
    )


def varied(crops: Tensor, magnitude: int) -> Tensor:
    """(B, 1, S, S) crops (uint8) after RandAugment; random numbers are those of torch."""
    if not magnitude:
        return crops
    transform = v2.RandAugment(num_ops=2, magnitude=magnitude, interpolation=v2.InterpolationMode.BILINEAR)
    return torch.cat([transform(part) for part in torch.split(crops, ALIKE)])


def mixed(crops: Tensor, classes: Tensor, count: int, alpha: float) -> tuple[Tensor, Tensor]:
    """Mix pairs of (B, 1, S, S) crops, and their classes to (B, `count`) shares; random numbers are those of torch."""
    if not alpha:
        return crops, torch.nn.functional.one_hot(classes, count).float()
    found = v2.MixUp(alpha=alpha, num_classes=count)(crops, classes)
    return found[0], found[1]


def network_input(crops: Tensor) -> Tensor:
    """(B, 1, S, S) bytes to grey values from 0 to 1."""
    return crops.float() / 255
