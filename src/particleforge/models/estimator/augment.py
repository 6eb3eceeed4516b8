"""Augmentation of training images that preserves shapes."""

import math
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from particleforge.params import Params

if TYPE_CHECKING:
    from torch import Tensor


class EstimatorAugment(Params):
    """How training images are varied. They are always reflected and rotated by 90° steps at random."""

    turned: float = Field(0.5, ge=0, le=1, description="Share of steps whose images are rotated by random angles.")
    gain: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="Largest relative change of the grey values, to tolerate different calibrations.",
    )
    shift: float = Field(0.04, ge=0, le=0.5, description="Largest displacement, as a share of the side of the image.")


def varied(pixels: "Tensor", params: EstimatorAugment, rng: np.random.Generator) -> "Tensor":
    """Return (B, K, Y, X) images, each reflected, rotated, displaced, and made brighter or darker.

    Pixels from outside the image repeat its border. Only square images are rotated by 90°. The same `rng` gives the
    same images.
    """
    import torch
    from torch.nn import functional as F

    batches, count, height, width = pixels.shape
    number = batches * count
    step = math.pi / 2 if height == width else math.pi
    angles = rng.integers(4, size=number) * step
    if rng.random() < params.turned:
        angles = rng.uniform(0, 2 * math.pi, number)
    flips = np.where(rng.random(number) < 0.5, -1.0, 1.0)
    shifts = np.rint(rng.uniform(-params.shift, params.shift, (number, 2)) * (width, height)) * (2 / width, 2 / height)
    cosines, sines = np.cos(angles), np.sin(angles)
    ratio = height / width
    matrix = np.stack([flips * cosines, -sines * ratio, shifts[:, 0], flips * sines / ratio, cosines, shifts[:, 1]], -1)
    theta = torch.from_numpy(matrix.reshape(-1, 2, 3).astype(np.float32)).to(pixels.device)
    grid = F.affine_grid(theta, [number, 1, height, width], align_corners=False)
    flat = pixels.reshape(number, 1, height, width).float()
    moved = F.grid_sample(flat, grid, mode="bilinear", padding_mode="border", align_corners=False)
    if params.gain:
        gains = rng.uniform(1 - params.gain, 1 + params.gain, (number, 1, 1, 1)).astype(np.float32)
        moved = (moved * torch.from_numpy(gains).to(pixels.device)).clamp(0, 255)
    return moved.reshape(pixels.shape)
