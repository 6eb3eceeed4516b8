"""What can be chosen when particles are found by a threshold."""

import re
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field

from particleforge.errors import UserError
from particleforge.micrograph import parse_length_nm
from particleforge.params import Params

PIXELS = re.compile(r"\s*(\d+\.?\d*|\.\d+)\s*px\s*")


def size_px(text: str, pixel_size_nm: float | None) -> float:
    """Pixels in text such as ``8 px`` or ``5 nm``.

    Raises
    ------
    UserError
        If it is neither, or a length although the pixel size is not known.
    """
    if found := PIXELS.fullmatch(text):
        return float(found[1])
    length_nm = parse_length_nm(text)
    if pixel_size_nm is None:
        raise UserError(f"A size of {text} needs a known pixel size.", "Give --pixel-size, or the size in px.")
    return length_nm / pixel_size_nm


def _checked(text: str) -> str:
    try:
        size_px(text, 1.0)
    except UserError as error:
        raise ValueError(f"{error.message} Write such as '8 px' or '5 nm'") from error
    return text


Size: TypeAlias = Annotated[str, AfterValidator(_checked)]
"""Text such as ``8 px`` or ``5 nm`` as a parameter."""
Polarity: TypeAlias = Literal["auto", "bright", "dark"]


class ThresholdOptions(Params):
    """How particles are told from the ground by their grey."""

    polarity: Polarity = Field(
        "auto",
        description="Whether particles are brighter or darker than the ground. auto: what gives the more plausible "
        "particles, compact ones that do not reach the border of the image.",
    )
    method: Literal["otsu", "li", "triangle", "yen", "isodata", "local"] = Field(
        "otsu",
        description="How the threshold is found: otsu, li, triangle, yen or isodata, or local (Otsu's, of what differs "
        "from the surroundings; for uneven ground).",
    )
    surroundings_px: int = Field(
        101, ge=5, le=10_000, description="Side of the surroundings for local; several times as large as a particle."
    )
    smoothing_px: float = Field(1.0, ge=0, le=50, description="Gaussian blur before the threshold.")
    smallest: Size = Field("5 px", description="Smallest equal-area diameter, such as '8 px' or '5 nm'.")
    largest: Size | None = Field(None, description="Largest equal-area diameter; empty: no limit.")
    split: float = Field(
        0.8,
        ge=0,
        lt=1,
        description="Touching particles are split where the neck between them is narrower than this share of the "
        "narrower one; 0: never.",
    )
    fill_holes: bool = Field(True, description="Whether holes belong to the particle around them.")
    least_score: float = Field(
        0.35, ge=0, le=1, description="Particles with a lower score are left out; see the score of a threshold."
    )
