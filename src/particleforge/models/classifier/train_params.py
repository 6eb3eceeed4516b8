"""Parameters of the training of a classifier."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from particleforge.models.classifier.networks.network import AnyNetwork
from particleforge.models.classifier.networks.unet import UNetNetwork
from particleforge.models.training_params import TrainingParams
from particleforge.params import Params


class CropParams(Params):
    """What the network sees of a particle or of an image."""

    crop_px: int = Field(64, ge=16, le=1024, description="Side of the crops that the network is given.")
    surroundings: float = Field(
        1.5, ge=1, le=10, description="Side of a crop as a multiple of the longer side of the particle's box."
    )
    silhouette: float = Field(
        0.5,
        ge=0,
        le=1,
        description="How far a particle is lifted from its surroundings, as a share of the grey range: 0: grey values "
        "as they are in the image; 1: its outline alone. For classes of particles.",
    )


class ClassifierParams(TrainingParams):
    """What gets a class, how a classifier is trained, and within which budget."""

    kind: Literal["classifier"] = "classifier"
    of: Literal["particles", "images"] = Field(
        "particles", description="Whether particles get a class, or whole images."
    )
    network: AnyNetwork = Field(UNetNetwork(), description="The network.")
    crop: CropParams = Field(CropParams(), description="What the network sees.")
    batch_size: int = Field(32, ge=2, le=4096, description="Crops per step; classes are drawn equally often.")
    learning_rate: float = Field(1e-3, gt=0, le=1, description="Peak learning rate; it warms up and falls to zero.")
    averaged_steps: int = Field(50, ge=0, le=100_000, description="Steps over which the weights are averaged; 0: none.")
    mixup: float = Field(
        0.2, ge=0, le=10, description="Parameter alpha of MixUp, which mixes pairs of crops and their classes; 0: none."
    )
    rand_augment: int = Field(
        5, ge=0, le=30, description="Strength (magnitude) of RandAugment, which varies geometry and grey; 0: none."
    )
    held_out: float = Field(
        0.2,
        ge=0,
        lt=1,
        description="Share of the images of each class held out to choose the weights; images of one group stay "
        "together.",
    )
