"""A U-Net, the decoder of which is a pyramid of features; that of other detectors can be taken over."""

from collections import OrderedDict

from torch import Tensor, nn
from torchvision.models.detection.faster_rcnn import TwoMLPHead
from torchvision.models.detection.mask_rcnn import MaskRCNNHeads

from particleforge.models.maskrcnn.config import BOX_POINTS, MaskRCNNConfig
from particleforge.models.maskrcnn.parts import Parts
from particleforge.models.unet import UNet

COCO = ""
FROM_COCO = ()
LEVELS = 4
"""Most levels that are used; those of still lower resolution are left out."""


class UNetPyramid(nn.Module):
    """Levels of the decoder of a U-Net, each with the same number of features.

    Parameters
    ----------
    config
        Architecture.
    """

    def __init__(self, config: MaskRCNNConfig) -> None:
        super().__init__()
        unet = config.unet
        self.unet = UNet(unet)
        widths = [self.unet.channels, *(unet.unet_n_filter_base * 2**k for k in range(unet.unet_n_depth))]
        self.alike = nn.ModuleList(nn.Conv2d(width, config.channels, 1) for width in widths[:LEVELS])

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Features of (B, 1, Y, X) images by the name of their level."""
        levels = zip(self.unet.levels(images), self.alike, strict=False)
        return OrderedDict((str(number), alike(level)) for number, (level, alike) in enumerate(levels))


def parts(config: MaskRCNNConfig) -> Parts:
    """Small heads on the levels of a U-Net."""
    pyramid = UNetPyramid(config)
    strides = tuple(config.unet.grid[0] * config.unet.unet_pool[0] ** k for k in range(len(pyramid.alike)))
    return Parts(
        pyramid,
        config.channels,
        tuple(map(str, range(len(strides)))),
        strides,
        in_colour=False,
        rpn_convs=1,
        box_head=TwoMLPHead(config.channels * BOX_POINTS**2, config.box_features),
        box_features=config.box_features,
        mask_head=MaskRCNNHeads(config.channels, (config.channels, config.channels), 1),
        mask_features=config.channels,
        halo_px=max(config.unet.halo_px) + strides[-1],
    )
