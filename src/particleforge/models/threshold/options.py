"""Options of the threshold detector."""

from typing import Literal, TypeAlias

from pydantic import Field

from particleforge.lengths_px import Size
from particleforge.params import Params

Polarity: TypeAlias = Literal["auto", "bright", "dark"]


class ThresholdOptions(Params):
    """How particles are separated from the background by their grey value."""

    polarity: Polarity = Field(
        "auto",
        description="Whether particles are brighter or darker than the background. auto: whichever gives the more "
        "plausible particles, that is, compact ones that do not touch the image border.",
    )
    method: Literal["otsu", "li", "triangle", "yen", "isodata", "local"] = Field(
        "otsu",
        description="How the threshold is chosen: otsu, li, triangle, yen, isodata, or local (Otsu's method after "
        "subtracting the local mean; for an uneven background).",
    )
    surroundings_px: int = Field(
        101,
        ge=5,
        le=10_000,
        description="Side of the square over which local takes the mean; several times larger than a particle.",
    )
    smoothing_px: float = Field(1.0, ge=0, le=50, description="Sigma of the Gaussian blur before the threshold.")
    smallest: Size = Field("5 px", description="Smallest equal-area diameter, for example '8 px' or '5 nm'.")
    largest: Size | None = Field(None, description="Largest equal-area diameter; empty: no limit.")
    split: float = Field(
        0.8,
        ge=0,
        lt=1,
        description="Touching particles are split if the neck between them is narrower than this fraction of the "
        "narrower particle; 0: never.",
    )
    fill_holes: bool = Field(True, description="Whether holes count as part of the particle around them.")
    least_score: float = Field(
        0.35, ge=0, le=1, description="Particles with a lower score are left out; the score measures the contrast."
    )
