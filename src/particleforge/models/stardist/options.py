"""Options of a StarDist detector."""

from typing import Literal

from pydantic import Field

from particleforge.models.scaled_options import Engine, ScaledOptions


class StarDistOptions(ScaledOptions):
    """How a StarDist model is applied to an image."""

    prob_thresh: float | None = Field(
        None,
        gt=0,
        lt=1,
        title="Smallest probability",
        description="Smallest probability at which something counts as a particle; empty: the model's own threshold.",
    )
    nms_thresh: float | None = Field(
        None,
        ge=0,
        le=1,
        title="Overlap limit",
        description="Of two particles that overlap more than this (IoU), the less probable one is dropped "
        "(non-maximum suppression, NMS); empty: the model's own limit.",
    )
    outline: Literal["foot", "middle"] = Field(
        "foot",
        description="Where outlines run: along the outer foot of the edge, as most people draw them, or in its middle, "
        "which makes particles a little smaller. Models trained on annotated images keep to these in any case.",
    )
    engine: Engine = Field(
        "auto",
        description="Library in which the network runs on a CPU: auto (onnxruntime, about twice as fast, if it is "
        "installed and gives the same results; not for official models) or torch.",
    )
