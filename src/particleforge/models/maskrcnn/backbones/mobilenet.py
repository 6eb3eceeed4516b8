"""MobileNetV3-Large with a feature pyramid (Howard et al., ICCV 2019), smaller and faster than ResNet-50."""

from torch import nn
from torchvision.models import mobilenet_v3_large
from torchvision.models.detection.backbone_utils import BackboneWithFPN
from torchvision.models.detection.faster_rcnn import TwoMLPHead
from torchvision.models.detection.mask_rcnn import MaskRCNNHeads

from particleforge.models.maskrcnn.config import BOX_POINTS, MaskRCNNConfig
from particleforge.models.maskrcnn.parts import Parts

COCO = "fasterrcnn_mobilenet_v3_large_fpn-fb6a3cc7.pth"
FROM_COCO = ("backbone.body.",)
"""torchvision's detector reads its boxes from two coarse levels and has no masks: only the body fits."""
LAYERS = {3: 24, 6: 40, 12: 112, 16: 960}
"""Layers at 4, 8, 16 and 32 px per point, and their numbers of features."""
CHANNELS, BOX_FEATURES = 256, 1024
HALO_PX = 192
"""Most of what a point sees lies within this distance."""


def parts(config: MaskRCNNConfig) -> Parts:
    """Finer levels than torchvision's detector has, which looks for larger objects."""
    body = mobilenet_v3_large(weights=None, norm_layer=nn.BatchNorm2d).features
    names = {str(layer): str(number) for number, layer in enumerate(LAYERS)}
    return Parts(
        BackboneWithFPN(body, names, list(LAYERS.values()), CHANNELS),
        CHANNELS,
        ("0", "1", "2", "3"),
        (4, 8, 16, 32, 64),
        in_colour=True,
        rpn_convs=1,
        box_head=TwoMLPHead(CHANNELS * BOX_POINTS**2, BOX_FEATURES),
        box_features=BOX_FEATURES,
        mask_head=MaskRCNNHeads(CHANNELS, [CHANNELS] * 4, 1),
        mask_features=CHANNELS,
        halo_px=HALO_PX,
    )
