"""How far apart particles may lie and still form one aggregate."""

import re
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, BeforeValidator

from particleforge.errors import UserError
from particleforge.micrograph import unit_nm

DEFAULT = "1 px"
"""On drawn micrographs, contacts of detected particles agree best with those drawn; see docs/measurement.md."""
MOST_PX = 100
"""Particles further apart do not touch at any magnification."""


def gap_px(text: str, pixel_size_nm: float | None) -> float:
    """Convert a gap such as ``2 px`` or ``5 nm`` to pixels.

    Raises
    ------
    UserError
        If it is not a length from 0 to 100 px, or is in nm and the pixel size is unknown.
    """
    number, unit = _parsed(text)
    if unit is not None and pixel_size_nm is None:
        raise UserError(
            f"The gap between particles that touch is {text}, but the pixel size is unknown.",
            "Give the pixel size, or the gap in px.",
        )
    in_px = number if unit is None or pixel_size_nm is None else number * unit / pixel_size_nm
    if in_px > MOST_PX:
        raise UserError(f"The gap of {text} is {in_px:.4g} px; it must not be above {MOST_PX} px.")
    return in_px


def _parsed(text: str) -> tuple[float, float | None]:
    """Return number and length of the unit in nm; None for pixels."""
    found = re.fullmatch(r"\s*\+?(\d+\.?\d*|\.\d+)\s*([^\W\d_]*)\s*", text)
    number, unit = (float(found[1]), found[2]) if found else (0.0, "?")
    if unit == "px" or (number == 0 and not unit):
        return number, None
    if found is None or (length := unit_nm(unit)) is None:
        raise UserError(f"{text!r} is not a number with px or a unit of length.")
    return number, length


def _as_text(value: object) -> object:
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def _check(text: str) -> str:
    try:
        if _parsed(text)[1] is None:
            gap_px(text, None)
    except UserError as error:
        raise ValueError(str(error)) from error
    return text


Gap: TypeAlias = Annotated[str, BeforeValidator(_as_text), AfterValidator(_check)]
"""Text such as ``2 px`` or ``5 nm`` as a parameter."""
