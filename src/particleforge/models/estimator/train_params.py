"""What an estimator learns, and how."""

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
        description="What is estimated; each target has networks of its own. By kind: regression, share, batch.",
    )
    minutes: float | None = Field(
        10.0, gt=0, le=100_000, description="Time for each network; empty: no limit but steps."
    )
    batch_size: int = Field(32, ge=1, le=4096, description="Images per step, of all groups together.")
    learning_rate: float = Field(1e-3, gt=0, le=1, description="Largest learning rate; it warms up and falls to zero.")
    held_out: float = Field(
        0.15, gt=0, lt=1, description="Share of the samples that are kept to choose weights by; groups stay together."
    )
    hints: tuple[str, ...] = Field(
        (),
        description="What else single images show, named like `shown` of a target. Where there are any, a network "
        "learns them first, together with what all targets show, and the networks of the targets start with its "
        "features: so is learned what is out of reach from its own target alone.",
    )
    half: bool = Field(False, description="Train in 16 bits where that is enough: quicker on processors that can.")
    prepare: PrepareParams = Field(PrepareParams(), description="How images are made ready.")
    augment: EstimatorAugment = Field(EstimatorAugment(), description="Variation of the images.")
    network: NetworkConfig = Field(NetworkConfig(), description="Sizes of the layers.")
