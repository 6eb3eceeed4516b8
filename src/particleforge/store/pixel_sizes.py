"""Pixel sizes a person gave to images: ``scale/NAME.json`` next to ``images/``, or ``pixel_sizes.csv`` among images.

The table has the columns ``image`` (name of a file, with or without its suffix) and ``pixel_size``, for example
``0.5 nm``; its columns are separated by commas or semicolons.
"""

import csv
import json
import math
from pathlib import Path

from particleforge.errors import UserError
from particleforge.micrograph import parse_length_nm
from particleforge.plain_data import read_json
from particleforge.store.calibration import Statement, decoded, settle
from particleforge.store.files import atomic_write, new_part

PART = "scale"
TABLE = "pixel_sizes.csv"
_KEY = "pixel_size_nm"
_COLUMNS = ("image", "pixel_size")


def given_pixel_size(path: Path, name: str) -> Statement | None:
    """Pixel size that a person gave to an image, with a remark on where; None if nobody did.

    Parameters
    ----------
    path
        The image.
    name
        Its name without suffix.

    Raises
    ------
    UserError
        If what gives it cannot be read.
    """
    found = []
    if path.parent.name == "images" and (size := read_pixel_size_nm(path.parent.parent, name)):
        found.append(Statement(size, "scale/NAME.json"))
    found += _of_table(path.parent / TABLE, {path.name, name})
    if not found:
        return None
    settled = settle(found)
    return settled if settled.size_nm is None else Statement(settled.size_nm, "", (f"Pixel size {settled}.",))


def _of_table(table: Path, names: set[str]) -> list[Statement]:
    """Read what a table states about an image."""
    if not table.is_file():
        return []
    text = decoded(table.read_bytes())
    head, _, _ = text.partition("\n")
    rows = csv.DictReader(text.splitlines(), delimiter=";" if ";" in head else ",", skipinitialspace=True)
    if not set(_COLUMNS) <= set(rows.fieldnames or ()):
        raise UserError(
            f"{table} has the columns {', '.join(rows.fieldnames or ()) or 'none'}; it needs image and pixel_size.",
            "For example: the line 'image,pixel_size', then a line 'a.tif,0.5 nm' for each image.",
        )
    return [
        Statement((side, side), TABLE)
        for row in rows
        if (row["image"] or "").strip() in names
        for side in [_side_nm(row["pixel_size"] or "", table, rows.line_num)]
    ]


def _side_nm(text: str, table: Path, line: int) -> float:
    try:
        return parse_length_nm(text)
    except UserError as error:
        raise UserError(f"{table}, line {line}: {error.message}", error.hint) from error


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
        y, x = (float(side) for side in read_json(path)[_KEY])
        if not all(math.isfinite(side) and side > 0 for side in (y, x)):
            raise ValueError(f"{y} x {x}")
    except (UserError, ValueError, TypeError, KeyError, OverflowError) as error:
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
