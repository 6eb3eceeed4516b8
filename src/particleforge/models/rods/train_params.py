"""Budget and settings of the training of a detector of rods."""

from typing import Literal

from pydantic import Field

from particleforge.models.detector_params import DetectorTraining


class RodsTraining(DetectorTraining):
    """Budget and settings of a training."""

    kind: Literal["rods"] = "rods"
    start: str = Field(
        "base",
        description="Weights to start from: scratch, the name of a bundled detector (base, rods) or a model folder.",
    )
