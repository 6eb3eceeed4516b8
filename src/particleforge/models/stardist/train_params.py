"""Budget and settings of a StarDist training."""

from typing import Literal

from pydantic import Field, model_validator

from particleforge.models.detector_params import DetectorTraining
from particleforge.models.stardist.config import StarDistConfig


class TrainParams(DetectorTraining):
    """Budget and settings of a training."""

    kind: Literal["stardist"] = "stardist"
    network: StarDistConfig | None = Field(
        None,
        description="Architecture; empty: a small one with batch normalisation, with 64 rays for elongated particles, "
        "else 32.",
    )
    workers: int = Field(
        0,
        ge=0,
        le=256,
        description="Processes that prepare patches, which are then varied where the network is trained; real and "
        "synthetic ones are mixed from the start. Use it with a graphics card. 0: a thread prepares all.",
    )

    @model_validator(mode="after")
    def _network_of_its_own(self) -> "TrainParams":
        if self.network is not None and self.start != "scratch":
            raise ValueError(f"a network is described, but training starts from {self.start}, which has its own")
        return self
