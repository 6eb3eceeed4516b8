"""Training loss of rods."""

import torch
from torch import Tensor
from torch.nn import functional as F

from particleforge.models.rods.network import SCALES
from particleforge.models.rods.targets import HALF_LENGTH_PX, HALF_WIDTH_PX

GEOMETRY = 0.5
"""Weight of the geometry next to the centrality."""
FAR = 8.0
"""Distance in half widths beyond which an error counts no more."""
ENOUGH = 1.5
"""Ratio of length to width from which on the angle of a particle counts in full."""


def rods_loss(maps: tuple[Tensor, Tensor], prob: Tensor, target: Tensor, slender: Tensor, weight: Tensor) -> Tensor:
    """Cross entropy of the centrality, and absolute errors of the geometry where points are central.

    An error in the place of the middle counts relative to the half length, along the rod, and to the half width,
    across it: what matters is how much of the rod is still covered. The angle of a round particle does not count.

    Parameters
    ----------
    maps
        Logits of the centrality (B, 1, h, w), and geometry (B, channels, h, w) in units of `SCALES`.
    prob, slender, weight
        (B, 1, h, w); see `targets.Targets`.
    target
        (B, channels, h, w) in units of `SCALES`.
    """
    prob_logits, rod = maps
    known = weight.sum().clamp(min=1)
    inside = prob * weight
    central = (F.binary_cross_entropy_with_logits(prob_logits, prob, reduction="none") * weight).sum() / known
    scales = torch.tensor(SCALES, device=rod.device, dtype=rod.dtype)[None, :, None, None]
    error = ((rod - target) * scales).float()
    half_length = HALF_LENGTH_PX * torch.exp(target[:, 2:3] * SCALES[2])
    half_width = HALF_WIDTH_PX * torch.exp(target[:, 7:8] * SCALES[7])
    turned = ((slender - 1) / (ENOUGH - 1)).clamp(0, 1)
    cosine, sine = _direction(target[:, 3:4], target[:, 4:5])
    along = (error[:, 0:1] * sine + error[:, 1:2] * cosine).abs() / half_length
    across = (error[:, 0:1] * cosine - error[:, 1:2] * sine).abs() / half_width
    angle = error[:, 3:5].abs().sum(1, keepdim=True) * turned
    bow = error[:, 5:7].abs().sum(1, keepdim=True) / half_width
    near = error[:, 8:10].abs().sum(1, keepdim=True) / half_width
    place = along + 0.5 * across.clamp(max=FAR) + 0.5 * bow.clamp(max=FAR) + near + angle
    terms = place + error[:, 2:3].abs() + error[:, 7:8].abs()
    geometry = (terms * inside).sum() / inside.sum().clamp(min=1)
    return central + GEOMETRY * geometry


def _direction(cosine: Tensor, sine: Tensor) -> tuple[Tensor, Tensor]:
    """Cosine and sine of half an angle."""
    angle = 0.5 * torch.atan2(sine, cosine)
    return torch.cos(angle), torch.sin(angle)
