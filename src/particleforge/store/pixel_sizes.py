"""Pixel sizes a person gave to images whose files do not state them: ``scale/NAME.json`` beside ``images/``."""

import json
import math
from pathlib import Path

from particleforge.errors import UserError
from particleforge.store.files import atomic_write, new_part

PART = "scale"
_KEY = "pixel_size_nm"


def read_pixel_size_nm(folder: Path, name: str) -> tuple[float, float] | None:
    """Pixel size along (Y, X) that was given to an image of an annotated folder, or None.

    Raises
    ------
    UserError
        If the file does not hold two numbers above zero.
    """
    path = folder / PART / f"{name}.json"
    if not path.is_file():
        return None
    try:
        y, x = (float(side) for side in json.loads(path.read_text(encoding="utf-8"))[_KEY])
        if not all(math.isfinite(side) and side > 0 for side in (y, x)):
            raise ValueError(f"{y} x {x}")
    except (ValueError, TypeError, KeyError) as error:
        raise UserError(
            f"{path} contains no pixel size.", f'It should read {{"{_KEY}": [1.2, 1.2]}} (height, width); or remove it.'
        ) from error
    return y, x


def save_pixel_size_nm(folder: Path, name: str, size_nm: tuple[float, float] | None) -> None:
    """Keep the pixel size of an image of an annotated folder; None removes it.

    Raises
    ------
    UserError
        If the disk is full or not writable.
    """
    path = folder / PART / f"{name}.json"
    if size_nm is None:
        path.unlink(missing_ok=True)
        return
    new_part(folder, PART)
    with atomic_write(path) as temporary:
        temporary.write_text(json.dumps({_KEY: list(size_nm)}) + "\n", encoding="utf-8")
