"""Training loss of StarDist, with support for unlabelled pixels."""

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

BACKGROUND_REG = 1e-4
DIST_WEIGHT = 0.2


class Loss(NamedTuple):
    """Total loss and its two parts."""

    total: Tensor
    prob: Tensor
    dist: Tensor


def stardist_loss(prob_logits: Tensor, dist: Tensor, prob_target: Tensor, dist_target: Tensor, weight: Tensor) -> Loss:
    """Cross entropy of prob plus 0.2 times masked error of dist plus 1e-4 times background dist.

    The weights are those of official StarDist (Schmidt et al., MICCAI 2018); a pixel with weight 0 has no influence.
    Unlike there, the error of each ray is weighted by its true length relative to the mean of all rays at that point,
    because the area gained or lost by an error is proportional to it: few rays point along a rod, and they alone
    determine its length. If every weight is 1 and all rays have the same length, the value is that of the official
    package.

    Parameters
    ----------
    prob_logits
        (B, 1, h, w) network output before the sigmoid.
    dist
        (B, n_rays, h, w) predicted distances.
    prob_target, weight
        (B, 1, h, w); see `targets.Targets`.
    dist_target
        (B, n_rays, h, w).
    """
    known = weight.sum().clamp(min=1)
    prob_loss = (F.binary_cross_entropy_with_logits(prob_logits, prob_target, reduction="none") * weight).sum() / known
    inside, outside = prob_target * weight, (1 - prob_target) * weight
    reach = dist_target / dist_target.mean(1, keepdim=True).clamp(min=1e-3)
    rays = known * dist.shape[1]
    error = _weighted_error(dist, dist_target, reach.mul_(inside / rays))
    dist_loss = error / (inside.sum() / known + 1e-7)
    total = prob_loss + DIST_WEIGHT * (dist_loss + BACKGROUND_REG * _weighted_error(dist, None, outside / rays))
    return Loss(total, prob_loss, dist_loss)


class _WeightedError(torch.autograd.Function):
    """Sum of weighted absolute errors, whose gradient is computed at once: twice as fast as step by step."""

    @staticmethod
    def forward(ctx: Any, predicted: Tensor, target: Tensor | None, weight: Tensor) -> Tensor:
        error = predicted if target is None else predicted - target
        slope = error.sign().mul_(weight)
        ctx.save_for_backward(slope)
        return (slope * error).sum()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        (slope,) = ctx.saved_tensors
        return slope * gradient, None, None


def _weighted_error(predicted: Tensor, target: Tensor | None, weight: Tensor) -> Tensor:
    error: Tensor = _WeightedError.apply(predicted, target, weight)
    return error
