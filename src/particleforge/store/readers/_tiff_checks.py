"""TIFF files that state more than they hold are refused instead of read as black."""

import math
import re
import struct
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tifffile import TiffFile

_AXES = re.compile(r'\bSize([CTZ])="(\d+)"')
_SMALLEST_PAGE = 60
"""Bytes; a page with fewer tags has no pixels."""


def check_planes(tif: "TiffFile") -> None:
    """Check that an OME-TIFF does not claim more planes than the file has bytes.

    Raises
    ------
    ValueError
        With both numbers.
    """
    start = (tif.ome_metadata or "").partition("<Pixels")[2].partition(">")[0]
    size, lengths = tif.filehandle.size, {axis: int(length) for axis, length in _AXES.findall(start)}
    planes, pages = math.prod(lengths.values()), lengths.get("T", 1) * lengths.get("Z", 1)
    own = "FileName=" not in (tif.ome_metadata or "")
    if planes > size or (own and pages * _SMALLEST_PAGE > size):
        raise ValueError(f"it claims {planes} planes, but has only {size} bytes")


def on_lost_pages(tif: "TiffFile") -> tuple[str, ...]:
    """Remark on pages that the file should have, but has not."""
    count = len(tif.pages)
    stated = (tif.imagej_metadata or {}).get("images", 1)
    if isinstance(stated, int) and stated > count and all(series.kind != "imagej" for series in tif.series):
        return (f"The file was cut short: of its {stated} images {count} can be read.",)
    if _next_page(tif, count - 1) >= tif.filehandle.size:
        return (f"The file was cut short: it holds {count} pages, and the next one lies beyond its end.",)
    return ()


def _next_page(tif: "TiffFile", number: int) -> int:
    """Offset of the page after another one; 0 if there is none."""
    file, tiff = tif.filehandle, tif.tiff
    start = tif.pages[number].offset
    file.seek(start)
    (tags,) = struct.unpack(tiff.tagnoformat, file.read(tiff.tagnosize))
    file.seek(start + tiff.tagnosize + tags * tiff.tagsize)
    found = file.read(tiff.offsetsize)
    return int(struct.unpack(tiff.offsetformat, found)[0]) if len(found) == tiff.offsetsize else file.size


def check_stored(page: Any, file_size: int) -> None:
    """Check that all strips or tiles of a page are in the file.

    Raises
    ------
    ValueError
        With the number of those that are not.
    """
    places = list(zip_longest(page.dataoffsets, page.databytecounts, fillvalue=0))
    lost = sum(not count or offset + count > file_size for offset, count in places)
    if lost:
        raise ValueError(f"{lost} of {len(places)} {'tiles' if page.is_tiled else 'strips'} are not in the file")
