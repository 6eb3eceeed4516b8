"""How far apart particles may lie and still form one aggregate."""

import re
from typing import Annotated, TypeAlias

from particleforge.errors import UserError
from particleforge.lengths_px import AS_TEXT, converted_by, length_px

DEFAULT = "1 px"
"""On drawn micrographs, contacts of detected particles agree best with those drawn; see docs/measurement.md."""
MOST_PX = 100
"""Particles further apart do not touch at any magnification."""
NONE = re.compile(r"\s*\+?(0+\.?0*|\.0+)\s*[^\W\d_]*\s*")
"""No gap, in any unit."""


def gap_px(text: str, pixel_size_nm: float | None) -> float:
    """Convert a gap such as ``2 px`` or ``5 nm`` to pixels.

    Raises
    ------
    UserError
        If it is not a length from 0 to 100 px, or is in nm and the pixel size is unknown.
    """
    if NONE.fullmatch(text):
        return 0.0
    in_px = length_px(text, pixel_size_nm, "A gap between touching particles")
    if in_px > MOST_PX:
        raise UserError(f"The gap of {text} is {in_px:.4g} px; it must not be above {MOST_PX} px.")
    return in_px


Gap: TypeAlias = Annotated[str, AS_TEXT, converted_by(gap_px)]
"""Text such as ``2 px`` or ``5 nm`` as a parameter."""
