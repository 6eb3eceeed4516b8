"""Pixels that lie in a file as they are, plane after plane."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from particleforge.store.pixels import Pages


def raw_pages(
    path: Path, dtype: npt.DTypeLike, offsets: int | Sequence[int], lengths: Sequence[int], page: Sequence[int]
) -> Pages:
    """Pages that are read from their place in a file when they are asked for.

    Parameters
    ----------
    path
        The file.
    dtype
        Of a value, with its byte order.
    offsets
        Where in the file each page begins, in bytes; a number: that of the first of pages one after the other.
    lengths, page
        See `Pages`.

    Raises
    ------
    ValueError
        If there are no pixels, or the file ends before the last of them.
    """
    count, size, kind = math.prod(lengths), math.prod(page), np.dtype(dtype)
    bytes_each = size * kind.itemsize
    if min((*lengths, *page)) < 1:
        raise ValueError(f"it has no pixels: {_shape(lengths, page)}")
    starts: Sequence[int]
    if isinstance(offsets, int):
        starts = range(offsets, offsets + count * bytes_each, bytes_each)
        first, end = starts[0], starts[-1] + bytes_each
    else:
        starts = offsets
        first, end = min(starts), max(starts) + bytes_each
    there = path.stat().st_size
    if first < 0 or end > there:
        raise ValueError(f"{_shape(lengths, page)} pixels need {end} bytes, the file has {there}")

    def read(number: int) -> npt.NDArray[Any]:
        return np.memmap(path, kind, "r", starts[number], tuple(page))

    return Pages(lengths, page, kind, read)


def known_size(y_nm: float, x_nm: float) -> tuple[float, float] | None:
    """Size of a pixel along (Y, X), or None where a file states none: zero, negative or not finite."""
    return (y_nm, x_nm) if all(math.isfinite(side) and side > 0 for side in (y_nm, x_nm)) else None


def _shape(lengths: Sequence[int], page: Sequence[int]) -> str:
    return " x ".join(map(str, (*lengths, *page)))
