"""ResNet-50 with the feature pyramid and the heads of torchvision's second version (Li et al., arXiv:2111.11429)."""

from torch import nn
from torchvision.models import resnet50
from torchvision.models.detection.backbone_utils import _resnet_fpn_extractor
from torchvision.models.detection.faster_rcnn import FastRCNNConvFCHead
from torchvision.models.detection.mask_rcnn import MaskRCNNHeads

from particleforge.models.maskrcnn.config import BOX_POINTS, MaskRCNNConfig
from particleforge.models.maskrcnn.parts import Parts

COCO = "maskrcnn_resnet50_fpn_v2_coco-73cbd019.pth"
FROM_COCO = ("backbone.", "rpn.", "roi_heads.")
CHANNELS, BOX_FEATURES = 256, 1024
HALO_PX = 192
"""Most of what a point sees lies within this distance; in theory, a point sees more than 400 px far."""


def parts(config: MaskRCNNConfig) -> Parts:
    """Return the network as in torchvision's ``maskrcnn_resnet50_fpn_v2``, with the names of its weights."""
    return Parts(
        _resnet_fpn_extractor(resnet50(weights=None), trainable_layers=5, norm_layer=nn.BatchNorm2d),
        CHANNELS,
        ("0", "1", "2", "3"),
        (4, 8, 16, 32, 64),
        in_colour=True,
        rpn_convs=2,
        box_head=FastRCNNConvFCHead(
            (CHANNELS, BOX_POINTS, BOX_POINTS), [CHANNELS] * 4, [BOX_FEATURES], norm_layer=nn.BatchNorm2d
        ),
        box_features=BOX_FEATURES,
        mask_head=MaskRCNNHeads(CHANNELS, [CHANNELS] * 4, 1, norm_layer=nn.BatchNorm2d),
        mask_features=CHANNELS,
        halo_px=HALO_PX,
    )
