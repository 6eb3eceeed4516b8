"""TIFF files that state more than they hold are refused instead of read as black."""

import math
import re
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tifffile import TiffFile

_AXES = re.compile(r'\bSize[CTZ]="(\d+)"')


def check_planes(tif: "TiffFile") -> None:
    """Check that an OME-TIFF does not claim more planes than the file has bytes.

    Raises
    ------
    ValueError
        With both numbers.
    """
    start = (tif.ome_metadata or "").partition("<Pixels")[2].partition(">")[0]
    planes, size = math.prod(int(length) for length in _AXES.findall(start)), tif.filehandle.size
    if planes > size:
        raise ValueError(f"it claims {planes} planes, but has only {size} bytes")


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
