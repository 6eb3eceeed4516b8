"""Parameters of the training of an estimator."""

from typing import Literal

from pydantic import Field

from particleforge.models.estimator.augment import EstimatorAugment
from particleforge.models.estimator.config import NetworkConfig
from particleforge.models.estimator.preparation import PrepareParams
from particleforge.models.estimator.target import AnyTarget
from particleforge.models.training_params import TrainingParams


class EstimatorParams(TrainingParams):
    """Targets, budget and settings of the training of an estimator."""

    kind: Literal["estimator"] = "estimator"
    targets: tuple[AnyTarget, ...] = Field(
        (),
        description="What is estimated; each target has its own networks. Kinds: regression, share, batch.",
    )
    minutes: float | None = Field(
        10.0, gt=0, le=100_000, description="Time for each network; empty: limited by steps only."
    )
    batch_size: int = Field(32, ge=1, le=4096, description="Images per training step in total.")
    learning_rate: float = Field(1e-3, gt=0, le=1, description="Peak learning rate; it warms up and falls to zero.")
    held_out: float = Field(
        0.15, gt=0, lt=1, description="Share of the samples held out to choose the weights; batches are not split."
    )
    hints: tuple[str, ...] = Field(
        (),
        description="Further values shown by single images, named like `shown` of a target. If any are given, a "
        "network first learns them together with what the images show of all targets, and the networks of the targets "
        "start with its features; this makes it possible to learn what cannot be learned from the target alone.",
    )
    half: bool = Field(
        False, description="Train in 16 bits where that is precise enough: faster on hardware that supports it."
    )
    prepare: PrepareParams = Field(PrepareParams(), description="How images are prepared.")
    augment: EstimatorAugment = Field(EstimatorAugment(), description="Augmentation of the images.")
    network: NetworkConfig = Field(NetworkConfig(), description="Sizes of the layers.")
