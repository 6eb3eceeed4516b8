"""Options of a Mask R-CNN detector."""

from pydantic import Field

from particleforge.models.scaled_options import ScaledOptions


class MaskRCNNOptions(ScaledOptions):
    """How a Mask R-CNN model is applied to an image."""

    tile_px: int = Field(
        768, ge=128, le=16384, description="Largest side of the tiles given to the network; smaller: less memory."
    )
    least_score: float | None = Field(
        None,
        gt=0,
        lt=1,
        title="Smallest score",
        description="Smallest score at which something counts as a particle; empty: the model's own threshold.",
    )
    overlap: float = Field(
        0.5,
        ge=0,
        le=1,
        title="Overlap limit",
        description="Of two particles whose masks overlap more than this (IoU), the one with the lower score is "
        "dropped.",
    )
    most: int = Field(
        1000,
        ge=10,
        le=10_000,
        title="Particles per tile",
        description="Most particles that are found in a tile; a tile that holds more is divided.",
    )
