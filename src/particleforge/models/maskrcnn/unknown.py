"""The two stages of Mask R-CNN, for images in which not all particles are annotated.

A box that finds no annotated particle usually teaches what background is. Where nobody knows the particles it must not:
such boxes are left out of the sampling.
"""

from typing import Any

import torch
from torch import Tensor
from torchvision.models.detection.roi_heads import RoIHeads
from torchvision.models.detection.rpn import RegionProposalNetwork
from torchvision.ops import box_iou

IGNORED = -1.0
BLOCK = 4096
"""Number of tried boxes that are compared at once with the particles near them."""
MOST_UNKNOWN = 0.25
"""Largest share of a box in which the particles are not known, if it is to teach what background is."""


class PartlyKnownRPN(RegionProposalNetwork):  # type: ignore[misc]
    """First stage: proposes boxes."""

    def assign_targets_to_anchors(self, anchors: list[Tensor], targets: list[dict[str, Tensor]]) -> Any:
        """Assign a particle, background or nothing to each box that is tried; see the base class."""
        assigned = [self._assigned(boxes, target["boxes"]) for boxes, target in zip(anchors, targets, strict=True)]
        labels, matched = (list(part) for part in zip(*assigned, strict=True))
        for label, boxes, target in zip(labels, anchors, targets, strict=True):
            if "unknown" in target:
                label[(label == 0) & (unknown_share(boxes, target["unknown"]) > MOST_UNKNOWN)] = IGNORED
        return labels, matched

    def _assigned(self, anchors: Tensor, boxes: Tensor) -> tuple[Tensor, Tensor]:
        """Labels (1, 0, or `IGNORED`) and particle boxes of tried boxes, as the base class gives them.

        It compares each tried box with each particle, which takes seconds in large patches. Here a block of tried
        boxes, which lie in neighbouring rows of the grid, is compared with the particles in these rows alone.
        """
        if not len(boxes):
            return torch.zeros(len(anchors), device=anchors.device), torch.zeros_like(anchors)
        matcher = self.proposal_matcher
        best = torch.zeros(len(anchors), device=anchors.device)
        nearest = torch.zeros_like(best, dtype=torch.long)
        most, overlaps = torch.zeros(len(boxes), device=anchors.device), []
        for first in range(0, len(anchors), BLOCK):
            block = anchors[first : first + BLOCK]
            rows = (boxes[:, 1] < block[:, 3].max()) & (boxes[:, 3] > block[:, 1].min())
            near = rows.nonzero()[:, 0]
            if not len(near):
                continue
            iou = box_iou(boxes[near], block)
            value, index = iou.max(0)
            best[first : first + BLOCK], nearest[first : first + BLOCK] = value, near[index]
            most[near] = torch.maximum(most[near], iou.amax(1))
            overlaps.append((first, near, iou))
        labels = (best >= matcher.high_threshold).float()
        labels[(best >= matcher.low_threshold) & (best < matcher.high_threshold)] = IGNORED
        for first, near, iou in overlaps:  # the best of each particle teach it, however little they overlap it
            anchor = (iou == most[near][:, None]).nonzero()[:, 1]
            labels[first + anchor] = 1.0
        return labels, boxes[nearest]


class PartlyKnownHeads(RoIHeads):  # type: ignore[misc]
    """Second stage: classifies boxes, refines them and predicts masks."""

    def select_training_samples(self, proposals: list[Tensor], targets: list[dict[str, Tensor]]) -> Any:
        """Choose the boxes to learn from; see the base class."""
        kept = [self._usable(boxes, target) for boxes, target in zip(proposals, targets, strict=True)]
        return super().select_training_samples(kept, targets)

    def _usable(self, boxes: Tensor, target: dict[str, Tensor]) -> Tensor:
        """Boxes that hold an annotated particle, or lie where the particles are known."""
        if "unknown" not in target:
            return boxes
        known = unknown_share(boxes, target["unknown"]) <= MOST_UNKNOWN
        if len(target["boxes"]):
            known |= box_iou(boxes, target["boxes"]).amax(1) >= self.proposal_matcher.high_threshold
        return boxes[known]


def unknown_share(boxes: Tensor, unknown: Tensor) -> Tensor:
    """(n,) share of each box in which the particles are not known.

    Parameters
    ----------
    boxes
        (n, 4) left, top, right, bottom in pixels; what lies outside the image does not count.
    unknown
        (Y, X) bool.
    """
    height, width = unknown.shape
    sums = torch.zeros(height + 1, width + 1, dtype=torch.float32, device=unknown.device)
    sums[1:, 1:] = unknown.float().cumsum(0).cumsum(1)
    left, right = (boxes[:, k].round().long().clamp(0, width) for k in (0, 2))
    top, bottom = (boxes[:, k].round().long().clamp(0, height) for k in (1, 3))
    inside = sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]
    return inside / ((right - left) * (bottom - top)).clamp(min=1)
