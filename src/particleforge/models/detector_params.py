"""Budget and settings common to trainings of detectors."""

from pydantic import Field

from particleforge.models.patches import Augment
from particleforge.models.training_params import TrainingParams


class DetectorTraining(TrainingParams):
    """Budget and settings of the training of a detector; each kind adds its own."""

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
