"""Architecture of a Mask R-CNN."""

from types import ModuleType
from typing import Annotated, TypeAlias

from pydantic import Field, field_validator

from particleforge.models.unet_config import UNetConfig
from particleforge.params import Params
from particleforge.registry import NameOf, Registry

BACKBONES: Registry[ModuleType] = Registry("backbone", "particleforge.models.maskrcnn.backbones")
BOX_POINTS, MASK_POINTS = 7, 14
"""Points along each side of a box that are read from the features, to describe it and to predict its mask."""
MASK_PX = 2 * MASK_POINTS
"""Side of a predicted mask in its box."""
ROUND, LONG = (0.5, 1.0, 2.0), (0.25, 0.5, 1.0, 2.0, 4.0)
"""Height divided by width of the boxes that are tried."""
SMALL_UNET = UNetConfig(unet_n_filter_base=16, net_conv_after_unet=64, unet_batch_norm=True)

Side: TypeAlias = Annotated[float, Field(gt=0, le=10_000)]
Ratio: TypeAlias = Annotated[float, Field(ge=0.05, le=20)]
Name: TypeAlias = Annotated[str, Field(min_length=1, max_length=100)]


class MaskRCNNConfig(Params):
    """Architecture of a Mask R-CNN."""

    backbone: Annotated[str, NameOf(BACKBONES)] = Field("unet", description="Network that computes the features.")
    unet: UNetConfig = Field(SMALL_UNET, description="Architecture of the U-Net, if it is the backbone.")
    channels: int = Field(64, ge=1, le=1024, description="Features at each level of the U-Net, and of the mask head.")
    box_features: int = Field(
        256, ge=1, le=4096, description="Features that describe a box, if the backbone is a U-Net."
    )
    anchors_px: tuple[Side, ...] = Field(
        (16.0, 32.0, 64.0, 128.0),
        min_length=1,
        max_length=16,
        description="Side in pixels of the boxes that are tried at each level of the features; the last one holds for "
        "all further levels.",
    )
    ratios: tuple[Ratio, ...] = Field(
        ROUND, min_length=1, max_length=16, description="Height divided by width of the boxes that are tried."
    )
    classes: tuple[Name, ...] = Field(
        (), max_length=1000, description="Classes of the particles; empty: they are not distinguished."
    )

    @field_validator("classes")
    @classmethod
    def _different(cls, classes: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(classes)) < len(classes):
            raise ValueError("each name must occur only once")
        return classes
