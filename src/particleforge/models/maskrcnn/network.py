"""A Mask R-CNN of torchvision for grey images of one size, without resizing of its own."""

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Self, TypeAlias

import torch
from torch import Tensor, nn
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor
from torchvision.models.detection.image_list import ImageList
from torchvision.models.detection.mask_rcnn import MaskRCNNPredictor
from torchvision.models.detection.rpn import RPNHead
from torchvision.ops import MultiScaleRoIAlign

from particleforge.models.maskrcnn.backbones.unet import UNetPyramid
from particleforge.models.maskrcnn.config import BACKBONES, BOX_POINTS, MASK_POINTS, MaskRCNNConfig
from particleforge.models.maskrcnn.parts import Parts
from particleforge.models.maskrcnn.unknown import PartlyKnownHeads, PartlyKnownRPN
from particleforge.models.unet import UNet

BOX_NMS = 0.7
"""Of two boxes that overlap more (IoU), only one is kept; at 0.5, one in 25 crossing rods would be lost."""
PROPOSED = 300
"""Boxes proposed per image when learning."""
LEARNED = 64
"""Boxes per image from which the second stage learns; what it takes grows with boxes, not with pixels."""
IMAGENET_MEAN, IMAGENET_SD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

Target: TypeAlias = dict[str, Tensor]
"""``boxes`` (n, 4) integers, ``labels`` (n,) from 1 on, ``masks`` (n, Y, X), and maybe ``unknown`` (Y, X)."""
Found: TypeAlias = Mapping[str, Tensor]
"""``boxes`` (n, 4), ``labels`` (n,) from 1 on, ``scores`` (n,) falling, and ``masks`` (n, 1, 28, 28), 0 to 1."""


class MaskRCNNNet(nn.Module):
    """Propose boxes, classify and refine them, and predict a mask in each.

    Weights have the names of torchvision's models, so that theirs can be used.

    Parameters
    ----------
    config
        Architecture.
    """

    def __init__(self, config: MaskRCNNConfig) -> None:
        super().__init__()
        self.config = config
        parts: Parts = BACKBONES.get(config.backbone).parts(config)
        self.halo_px, self.in_colour, self.strides = parts.halo_px, parts.in_colour, parts.strides
        self.backbone = parts.pyramid
        self.rpn = _rpn(config, parts)
        self.roi_heads = _heads(config, parts)

    @property
    def divisor(self) -> int:
        """Number by which height and width of images must be divisible."""
        pyramid = self.backbone
        deepest = max(pyramid.unet.config.divisor) if isinstance(pyramid, UNetPyramid) else 0
        return max(deepest, *self.strides)

    @property
    def unet(self) -> UNet | None:
        """The U-Net, if it is the backbone."""
        return self.backbone.unet if isinstance(self.backbone, UNetPyramid) else None

    def forward(self, images: Tensor, targets: list[Target] | None = None) -> Tensor | list[Found]:
        """Compute the loss if there are targets, else what is found in each image.

        Parameters
        ----------
        images
            (B, 1, Y, X) normalised grey values; both sides divisible by `divisor`.
        targets
            Particles of each image.
        """
        device = images.device
        if self.in_colour:
            mean, sd = (torch.tensor(one, device=device)[:, None, None] for one in (IMAGENET_MEAN, IMAGENET_SD))
            images = (images.expand(-1, 3, -1, -1) - mean) / sd
        features = self.backbone(images.contiguous(memory_format=torch.channels_last))
        size = (images.shape[2], images.shape[3])
        with torch.autocast(device.type, enabled=False):  # 16 bits are too coarse for places of boxes
            features = {name: level.float() for name, level in features.items()}
            seen = ImageList(images.float(), [size] * len(images))
            if targets is None:
                proposals, _ = self.rpn(seen, features)
                found: list[Found] = self.roi_heads(features, proposals, seen.image_sizes)[0]
                return found
            exact = [target | {"boxes": target["boxes"].float()} for target in targets]
            with _learning(self.rpn), _learning(self.roi_heads):
                proposals, losses = self.rpn(seen, features, exact)
                losses |= self.roi_heads(features, proposals, seen.image_sizes, exact)[1]
        return torch.stack(list(losses.values())).sum()

    def limit(self, least_score: float, most: int) -> None:
        """Set the smallest score and the largest number of particles that are found in an image."""
        heads, rpn = self.roi_heads, self.rpn
        heads.score_thresh, heads.detections_per_img = least_score, most
        rpn._pre_nms_top_n["testing"] = rpn._post_nms_top_n["testing"] = 2 * most

    def prepared(self) -> Self:
        """Return a copy for prediction alone, the batch normalisation of the U-Net folded into its convolutions."""
        net = copy.deepcopy(self).eval()
        if isinstance(net.backbone, UNetPyramid):
            net.backbone.unet = net.backbone.unet.folded()
        return net


@contextmanager
def _learning(stage: nn.Module) -> Iterator[None]:
    """Have a stage compute losses, while batch normalisation in it stays as it is."""
    before, stage.training = stage.training, True
    try:
        yield
    finally:
        stage.training = before


def _rpn(config: MaskRCNNConfig, parts: Parts) -> PartlyKnownRPN:
    sides = [config.anchors_px[min(level, len(config.anchors_px) - 1)] for level in range(len(parts.strides))]
    anchors = AnchorGenerator(tuple((side,) for side in sides), (config.ratios,) * len(sides))
    return PartlyKnownRPN(
        anchors,
        RPNHead(parts.channels, len(config.ratios), parts.rpn_convs),
        fg_iou_thresh=0.7,
        bg_iou_thresh=0.3,
        batch_size_per_image=256,
        positive_fraction=0.5,
        pre_nms_top_n={"training": PROPOSED, "testing": PROPOSED},
        post_nms_top_n={"training": PROPOSED, "testing": PROPOSED},
        nms_thresh=BOX_NMS,
    )


def _heads(config: MaskRCNNConfig, parts: Parts) -> PartlyKnownHeads:
    kinds = 1 + max(1, len(config.classes))
    return PartlyKnownHeads(
        MultiScaleRoIAlign(parts.levels, BOX_POINTS, sampling_ratio=2),
        parts.box_head,
        FastRCNNPredictor(parts.box_features, kinds),
        fg_iou_thresh=0.5,
        bg_iou_thresh=0.5,
        batch_size_per_image=LEARNED,
        positive_fraction=0.25,
        bbox_reg_weights=None,
        score_thresh=0.05,
        nms_thresh=BOX_NMS,
        detections_per_img=PROPOSED,
        mask_roi_pool=MultiScaleRoIAlign(parts.levels, MASK_POINTS, sampling_ratio=2),
        mask_head=parts.mask_head,
        mask_predictor=MaskRCNNPredictor(parts.mask_features, parts.mask_features, kinds),
    )
