"""Lengths in an image, given in pixels or as a length."""

import math
import re
from collections.abc import Callable
from typing import Annotated, TypeAlias, get_args, get_type_hints

from pydantic import AfterValidator, BeforeValidator

from particleforge.errors import UserError
from particleforge.micrograph import parse_length_nm
from particleforge.params import Params

PIXELS = re.compile(r"\s*\+?(\d+\.?\d*|\.\d+)\s*px\s*")
EXAMPLE = "Write, for example, '8 px' or '5 nm'."


def length_px(text: str, pixel_size_nm: float | None, what: str) -> float:
    """Pixels of a length in an image from text like ``8 px`` or ``5 nm``.

    Parameters
    ----------
    text
        The text.
    pixel_size_nm
        Side of a pixel; None: unknown.
    what
        What has this length, for messages.

    Raises
    ------
    UserError
        If it is neither, or if it is a length but the pixel size is not known.
    """
    if found := PIXELS.fullmatch(text):
        return float(found[1])
    try:
        length_nm = parse_length_nm(text)
    except UserError as error:
        raise UserError(error.message, EXAMPLE) from error
    if pixel_size_nm is None:
        raise UserError(
            f"{what} of {text} needs a known pixel size.", "Give the pixel size (--pixel-size), or the length in px."
        )
    return length_nm / pixel_size_nm


def size_px(text: str, pixel_size_nm: float | None) -> float:
    """Size of a particle in pixels; see `length_px`."""
    return length_px(text, pixel_size_nm, "A size")


def _as_text(value: object) -> object:
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


AS_TEXT = BeforeValidator(_as_text)
"""A number is taken as text, so that what it lacks is named."""


def converted_by(convert: Callable[[str, float], float]) -> AfterValidator:
    """Check text of a parameter by converting it to pixels; a length may be as long as it likes."""

    def check(text: str) -> str:
        try:
            convert(text, math.inf)
        except UserError as error:
            raise ValueError(str(error)) from error
        return text

    return AfterValidator(check)


Size: TypeAlias = Annotated[str, AS_TEXT, converted_by(size_px)]
"""A parameter given as text, for example ``8 px`` or ``5 nm``."""


def sizes_in_nm(params: Params) -> list[str]:
    """Return the sizes among parameters that need a pixel size."""
    hints = get_type_hints(type(params), include_extras=True)
    sizes = [getattr(params, name) for name, hint in hints.items() if Size in (hint, *get_args(hint))]
    return [size for size in sizes if size is not None and not PIXELS.fullmatch(size)]
