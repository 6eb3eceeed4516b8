"""Sizes of particles in options of detectors, given in pixels or as a length."""

import re
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, BeforeValidator

from particleforge.errors import UserError
from particleforge.micrograph import parse_length_nm

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
        raise UserError(
            f"A size of {text} needs a known pixel size.", "Give the pixel size (--pixel-size), or the size in px."
        )
    return length_nm / pixel_size_nm


def _as_text(value: object) -> object:
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def _checked(text: str) -> str:
    try:
        size_px(text, 1.0)
    except UserError as error:
        raise ValueError(f"{error.message} Write, for example, '8 px' or '5 nm'") from error
    return text


Size: TypeAlias = Annotated[str, BeforeValidator(_as_text), AfterValidator(_checked)]
"""A parameter given as text, for example ``8 px`` or ``5 nm``."""
