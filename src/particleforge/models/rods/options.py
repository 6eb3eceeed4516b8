"""Options of a detector of rods."""

from pydantic import Field

from particleforge.models.scaled_options import Engine, ScaledOptions


class RodsOptions(ScaledOptions):
    """How a detector of rods is applied to an image."""

    prob_thresh: float | None = Field(
        None,
        gt=0,
        lt=1,
        title="Smallest probability",
        description="Smallest probability at which something counts as a rod; empty: the model's own threshold.",
    )
    rods_only: bool = Field(
        False,
        title="Rods only",
        description="Whether to find rods only; if not, other particles are found by the detector `partner` of the "
        "model where it has one, and each particle is outlined by the detector that describes it better.",
    )
    engine: Engine = Field(
        "auto",
        description="Library in which the network runs on a CPU: auto (onnxruntime, about twice as fast, if it is "
        "installed and gives the same results) or torch.",
    )
