"""Options of a StarDist detector."""

from pydantic import Field

from particleforge.models.device import Device
from particleforge.params import Params

TILE_PX = 1024


class StarDistOptions(Params):
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
    tile_px: int = Field(
        TILE_PX, ge=128, le=16384, description="Largest side of the tiles given to the network; smaller: less memory."
    )
    scale: float | None = Field(
        None,
        gt=0,
        le=100,
        title="Resize by",
        description="Factor by which images are resized for the network; empty: from the pixel size, or the most "
        "plausible one for each image.",
    )
    device: Device = Field(
        "auto", description="Where the network runs: auto (a graphics card if there is one), cpu, cuda or mps."
    )
