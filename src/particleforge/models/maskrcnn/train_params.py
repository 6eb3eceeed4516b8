"""Budget and settings of a Mask R-CNN training."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from particleforge.models.detector_params import DetectorTraining
from particleforge.models.maskrcnn.config import BACKBONES, MaskRCNNConfig
from particleforge.registry import NameOf

COCO = "coco"
"""Start from the weights that torchvision offers."""


class MaskRCNNTraining(DetectorTraining):
    """Budget and settings of the training of a Mask R-CNN."""

    kind: Literal["maskrcnn"] = "maskrcnn"
    start: str = Field(
        "",
        description="Weights to start from: scratch, base (the U-Net of the bundled detector), a model folder, coco "
        "(the weights torchvision offers for resnet50 and mobilenet, if they are on this computer), or the file of "
        "these weights. Empty: base for a U-Net, else scratch.",
    )
    backbone: Annotated[str, NameOf(BACKBONES)] = Field(
        "unet",
        description="Network that computes the features: unet (small, learns on a processor), resnet50 or mobilenet "
        "(large, for a graphics card).",
    )
    network: MaskRCNNConfig | None = Field(
        None, description="Whole architecture; empty: the backbone, with boxes that suit the particles."
    )
    patch_px: int = Field(160, ge=32, le=1024, description="Side of the training patches at working scale.")
    batch_size: int = Field(2, ge=1, le=1024, description="Patches per step.")

    @model_validator(mode="after")
    def _network_of_its_own(self) -> "MaskRCNNTraining":
        if self.network is not None and self.start not in ("", "scratch"):
            raise ValueError(f"a network is described, but training starts from {self.start}, which has its own")
        return self
