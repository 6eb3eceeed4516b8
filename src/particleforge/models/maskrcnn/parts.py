"""What a backbone brings to the network."""

from dataclasses import dataclass

from torch import nn


@dataclass(frozen=True)
class Parts:
    """A pyramid of features and the heads that suit it.

    Parameters
    ----------
    pyramid
        Computes the features by name, the highest resolution first.
    channels
        Number of features at each level.
    levels
        Names of the levels from which boxes and masks are read.
    strides
        Pixels per point at each level, those without boxes and masks included.
    in_colour
        Whether it expects images in the colours of ImageNet.
    rpn_convs
        Number of convolutions before boxes are proposed.
    box_head, box_features
        Describes the content of a box, by a number of features.
    mask_head, mask_features
        Describes it for the mask, by a number of features.
    halo_px
        Distance in pixels from which a point is influenced by the image around it.
    """

    pyramid: nn.Module
    channels: int
    levels: tuple[str, ...]
    strides: tuple[int, ...]
    in_colour: bool
    rpn_convs: int
    box_head: nn.Module
    box_features: int
    mask_head: nn.Module
    mask_features: int
    halo_px: int
