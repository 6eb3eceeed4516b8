"""Options of the threshold detector."""

import re
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field

from particleforge.errors import UserError
from particleforge.micrograph import parse_length_nm
from particleforge.params import Params

PIXELS = re.compile(r"\s*(\d+\.?\d*|\.\d+)\s*px\s*")


def size_px(text: str, pixel_size_nm: float | None) -> float:
    """Size in pixels from text like ``8 px`` or ``5 nm``.

    Raises
    ------
    UserError
        If it is neither, or if it is a length but the pixel size is not known.
    """
    if found := PIXELS.fullmatch(text):
        return float(found[1])
    length_nm = parse_length_nm(text)
    if pixel_size_nm is None:
        raise UserError(f"A size of {text} needs a known pixel size.", "Give --pixel-size, or give the size in px.")
    return length_nm / pixel_size_nm


def _checked(text: str) -> str:
    try:
        size_px(text, 1.0)
    except UserError as error:
        raise ValueError(f"{error.message} Write, for example, '8 px' or '5 nm'") from error
    return text


Size: TypeAlias = Annotated[str, AfterValidator(_checked)]
"""A parameter given as text, for example ``8 px`` or ``5 nm``."""
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
