"""MRC images, stacks and volumes of electron microscopy.

The header is described at https://www.ccpem.ac.uk/mrc-format/mrc2014/ and, with what IMOD adds, at
https://bio3d.colorado.edu/imod/doc/mrc_format.txt.
"""

import struct
from pathlib import Path

from particleforge.errors import UserError
from particleforge.store.readers._raw import known_size, raw_pages
from particleforge.store.source import Source

SUFFIXES = (".mrc", ".mrcs")

_HEADER = 1024
_MODES = {0: "i1", 1: "i2", 2: "f4", 6: "u2", 12: "f2"}
_OTHERS = {3: "complex numbers", 4: "complex numbers", 16: "colours", 101: "4-bit numbers"}
_IMOD = 1146047817
"""Stamp of files by IMOD, whose bytes are unsigned unless a flag states otherwise."""
_NM = 0.1
"""Of an angstrom."""


def open(path: Path) -> Source:
    """Open an MRC file; a plane is read from its place. Sections of a stack are time points, those of a volume depth.

    Raises
    ------
    UserError
        If it holds complex numbers, colours or 4-bit numbers.
    ValueError
        If it is broken.
    """
    with path.open("rb") as file:
        header = file.read(_HEADER)
    if len(header) < _HEADER:
        raise ValueError(f"the header has {_HEADER} bytes, the file {len(header)}")
    order = _byte_order(header)
    nx, ny, nz, mode = struct.unpack_from(f"{order}4i", header)
    sampling, cell = struct.unpack_from(f"{order}3i", header, 28), struct.unpack_from(f"{order}3f", header, 40)
    space_group, extended = struct.unpack_from(f"{order}2i", header, 88)
    if mode in _OTHERS:
        raise UserError(
            f"{path} holds {_OTHERS[mode]} (mode {mode}), which cannot be measured.", "Convert it to mode 1, 2 or 6."
        )
    if extended < 0:
        raise ValueError(f"the extended header has {extended} bytes")
    stack = space_group == 0 or sampling[2] == 1
    stamp, flags = struct.unpack_from(f"{order}2i", header, 152)
    kind = "u1" if mode == 0 and stamp == _IMOD and not flags & 1 else _MODES[mode]
    pages = raw_pages(path, f"{order}{kind}", _HEADER + extended, (nz,), (ny, nx))
    size = _pixel_size_nm(header, sampling, cell, order)
    doubt = ("The pixel size of exactly 1 Å may stand for one that is not known.",) if size == (_NM, _NM) else ()
    return Source.of(pages, "TYX" if stack else "ZYX", path, pixel_size_nm=size, size_remarks=doubt)


def _byte_order(header: bytes) -> str:
    """Byte order in which the type of the pixels is a known one; the machine stamp is often wrong or missing."""
    known = {*_MODES, *_OTHERS}
    found = [order for order in "<>" if struct.unpack_from(f"{order}i", header, 12)[0] in known]
    if not found:
        raise ValueError("the type of its pixels is none of MRC")
    return found[-1] if len(found) == 2 and header[212] == 0x11 else found[0]


def _pixel_size_nm(
    header: bytes, sampling: tuple[int, ...], cell: tuple[float, ...], order: str
) -> tuple[float, float] | None:
    """Length of the cell over the number of samples, along the axes that are rows and columns."""
    axes = struct.unpack_from(f"{order}3i", header, 64)
    column, row, _ = (axis - 1 for axis in (axes if sorted(axes) == [1, 2, 3] else (1, 2, 3)))
    y, x = (cell[axis] / sampling[axis] * _NM if sampling[axis] > 0 else 0.0 for axis in (row, column))
    return known_size(y, x)
