"""Budget and settings of a StarDist training."""

from typing import Literal

from pydantic import Field, model_validator

from particleforge.models.patches import Augment
from particleforge.models.stardist.config import StarDistConfig
from particleforge.models.training_params import TrainingParams


class TrainParams(TrainingParams):
    """Budget and settings of a training."""

    kind: Literal["stardist"] = "stardist"
    network: StarDistConfig | None = Field(
        None,
        description="Architecture; empty: a small one with batch normalisation, with 64 rays for elongated particles, "
        "else 32.",
    )
    start: str = Field(
        "scratch", description="Weights to start from: scratch, base (the bundled detector) or a model folder."
    )
    patch_px: int = Field(192, ge=32, le=4096, description="Side of the training patches at working scale.")
    batch_size: int = Field(4, ge=1, le=1024, description="Patches per step.")
    learning_rate: float | None = Field(
        None,
        gt=0,
        le=1,
        description="Peak learning rate; it warms up and falls to zero. Empty: 0.002 from scratch, 0.001 from a "
        "trained model.",
    )
    workers: int = Field(
        0,
        ge=0,
        le=256,
        description="Processes that prepare patches, which are then varied where the network is trained; real and "
        "synthetic ones are mixed from the start. Use it with a graphics card. 0: a thread prepares all.",
    )
    averaged_steps: int = Field(50, ge=1, le=100_000, description="Steps over which the weights are averaged.")
    half: bool | None = Field(
        None,
        description="Compute in 16 bits where that is precise enough, which is faster on graphics cards. Empty: only "
        "on processors with instructions for it (AMX).",
    )
    real_first: float = Field(
        0.3, ge=0, le=1, description="Share of the budget spent on real images alone, before synthetic ones are added."
    )
    real_share: float = Field(0.7, ge=0, le=1, description="Share of real patches once synthetic ones are added.")
    shapes_share: float = Field(
        0.1, ge=0, lt=1, description="Share of patches with domain-randomised particles, throughout the training."
    )
    diameter_px: float = Field(24.0, gt=4, le=200, description="Median particle diameter at working scale.")
    normalize_scale: bool = Field(
        True,
        description="Whether images are resized so that their particles have the diameter `diameter_px`; if not, they "
        "are used as they are, and the model searches for the scale of each image it is applied to.",
    )
    augment: Augment = Field(Augment(), description="Augmentation of the patches.")

    @model_validator(mode="after")
    def _network_of_its_own(self) -> "TrainParams":
        if self.network is not None and self.start != "scratch":
            raise ValueError(f"a network is described, but training starts from {self.start}, which has its own")
        return self
