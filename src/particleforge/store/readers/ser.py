"""Image series of TIA, the program of FEI Tecnai and Titan microscopes.

The format is described at http://www.er-c.org/cbb/info/TIAformat.
"""

import struct
from io import BufferedReader
from pathlib import Path
from typing import Any

from particleforge.errors import UserError
from particleforge.store.readers._raw import known_size, raw_pages
from particleforge.store.source import Source

SUFFIXES = (".ser",)
STARTS = (b"II\x97\1",)

_MAGIC = 0x4949, 0x0197
_SPECTRA, _IMAGES = 0x4120, 0x4122
_LONG = 0x0220
"""Version from which on offsets have 8 bytes."""
_TYPES = {1: "u1", 2: "u2", 3: "u4", 4: "i1", 5: "i2", 6: "i4", 7: "f4", 8: "f8"}
_COMPLEX = {9, 10}
_ELEMENT = struct.Struct("<2di2dih2i")
_NM = 1e9


def open(path: Path) -> Source:
    """Open the images of a series as planes; a plane is read from its place. Those that were not acquired are left out.

    Raises
    ------
    UserError
        If it holds spectra, complex numbers, or images that differ in shape.
    ValueError
        If it is broken.
    """
    with path.open("rb") as file:
        *magic, version, content, _, total, valid = _read(file, "<3h4i")
        if tuple(magic) != _MAGIC:
            raise ValueError("it does not begin as a series of TIA does")
        if content != _IMAGES:
            raise UserError(
                f"{path} holds {'spectra' if content == _SPECTRA else 'no images'}; particles are measured in images.",
                "Choose another file.",
            )
        word = "q" if version >= _LONG else "i"
        (table,) = _read(file, f"<{word}")
        if not 0 < valid <= total:
            raise ValueError(f"{valid} of {total} images are there")
        if table < 0 or table + 2 * total * struct.calcsize(f"<{word}") > path.stat().st_size:
            raise ValueError(f"the places of {total} images lie beyond its end")
        offsets = _read(file, f"<{valid}{word}", table)
        moments = _read(file, f"<{valid}{word}", table + total * struct.calcsize(f"<{word}"))
        elements = {_element(file, offset) for offset in offsets}
        interval = _interval_s(file, moments)
    if len(elements) > 1:
        raise UserError(f"The images in {path} differ in shape, type or pixel size.", "Save them one by one.")
    y_nm, x_nm, kind, width, height = elements.pop()
    if kind in _COMPLEX:
        raise UserError(f"{path} holds complex numbers, which cannot be measured.", "Save the image itself.")
    if kind not in _TYPES:
        raise ValueError(f"there is no type {kind} of pixels")
    pages = raw_pages(path, f"<{_TYPES[kind]}", [at + _ELEMENT.size for at in offsets], (valid,), (height, width))
    return Source.of(pages, "TYX", path, pixel_size_nm=known_size(y_nm, x_nm), interval_s=interval)


def _element(file: BufferedReader, offset: int) -> tuple[float, float, int, int, int]:
    """Height and width of a pixel in nm, type of the pixels, and width and height of an image."""
    _, x_m, _, _, y_m, _, kind, width, height = _read(file, _ELEMENT.format, offset)
    return abs(y_m) * _NM, abs(x_m) * _NM, kind, width, height


def _interval_s(file: BufferedReader, offsets: tuple[int, ...]) -> float | None:
    """Mean time from one image to the next; the file gives whole seconds since 1970."""
    if len(offsets) < 2:
        return None
    (first,), (last,) = (_read(file, "<4xi", offsets[i]) for i in (0, -1))
    return (last - first) / (len(offsets) - 1) if last > first > 0 else None


def _read(file: BufferedReader, layout: str, offset: int | None = None) -> tuple[Any, ...]:
    if offset is not None:
        file.seek(offset)
    found = file.read(struct.calcsize(layout))
    if len(found) < struct.calcsize(layout):
        raise ValueError("it is cut short")
    return struct.unpack(layout, found)
