"""TIFF: plain, ImageJ, OME, and what microscopes write."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from particleforge.store.calibration import ImageFile, calibrate
from particleforge.store.pixels import Pages, Pixels
from particleforge.store.readers._orientation import on_orientation
from particleforge.store.readers._several import on_others
from particleforge.store.readers._tiff_checks import check_planes, check_stored, on_lost_pages
from particleforge.store.readers._tiff_pages import main_image, shown
from particleforge.store.readers._tiff_segments import Segments
from particleforge.store.source import Source

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffFrame, TiffPage, TiffPageSeries

SUFFIXES = (".ome.tif", ".ome.tiff", ".tif", ".tiff")
STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
PREFERRED = True

Array = npt.NDArray[Any]


def open(path: Path) -> Source:
    """Open the main image of a TIFF, which is a stack if it has several pages; a plane is read from its own pages.

    Pages that name no axis are taken as time points. White-is-zero images are inverted, palettes and inks resolved to
    colours. For the pixel size see `particleforge.store.calibration`.

    Raises
    ------
    UserError
        If its colours are not grey, RGB, a palette, YCbCr or CMYK.
    """
    with _tiff(path) as tif:
        count = len(tif.series)
        if count == 1:
            return _source(path, tif, tif.series[0])
        number = main_image(tif.series)
        return replace(
            _source(path, tif, tif.series[number], number),
            series=[partial(_open_series, path, i) for i in range(count)],
            pages=[partial(_open_page, path, i) for i in range(len(tif.pages))],
        )


@contextmanager
def _tiff(path: Path) -> "Iterator[TiffFile]":
    from tifffile import TiffFile

    with TiffFile(path) as tif:
        check_planes(tif)
        yield tif


def _open_series(path: Path, number: int) -> Source:
    """Open an image, or a series of images, of a file with several."""
    with _tiff(path) as tif:
        return _source(path, tif, tif.series[number], number)


def _open_page(path: Path, number: int) -> Source:
    """Open a page as an image of its own."""
    from tifffile import TiffPageSeries

    with _tiff(path) as tif:
        page = tif.pages[number].aspage()
        holding = [i for i, series in enumerate(tif.series) if any(_same(page, one) for one in series.pages)]
        found = _source(path, tif, TiffPageSeries([page]), next(iter(holding), 0))
        return replace(found, remarks=on_orientation(page.tags.valueof(274)))


def _same(page: "TiffPage", other: "TiffPage | TiffFrame | None") -> bool:
    return other is not None and other.index == page.index


def _source(path: Path, tif: "TiffFile", series: "TiffPageSeries", number: int = 0) -> Source:
    """Source of an image, which has a number in its file."""
    from particleforge.store.tiff_scale import tiff_interval_s

    page, axes = series.keyframe, _named(series.axes)
    scale = calibrate(ImageFile(path, (page.imagelength, page.imagewidth), tif, page, number))
    about: dict[str, Any] = {"pixel_size_nm": scale.size_nm, "size_remarks": scale.remarks}
    about |= {"size_source": scale.source, "interval_s": tiff_interval_s(tif, number), "remarks": _remarks(tif, number)}
    pixels, *coarser = (_pixels(tif, level, None) for level in series.levels)
    stored = Source.of(pixels, axes, path, coarser=coarser, **about)
    show = shown(page, path)
    if show is None:
        return stored
    pixels, *coarser = (_pixels(tif, level, show) for level in series.levels)
    axes += "C" * (len(pixels.shape) - len(axes))
    return Source.of(pixels, axes, path, coarser=coarser, stored=stored, **about)


def _remarks(tif: "TiffFile", number: int) -> tuple[str, ...]:
    """List what a person should know of how the image is read."""
    count, page = len(tif.series), tif.series[number].keyframe
    size = f"{page.imagewidth} x {page.imagelength} px"
    return on_others(number + 1, count, size) + on_lost_pages(tif) + on_orientation(page.tags.valueof(274))


def _named(axes: str) -> str:
    """Call colours C, and axes of another meaning T, then Z."""
    named = axes.replace("S", "C")
    for axis in axes:
        free = [name for name in "TZ" if name not in named]
        if axis not in "TZYXCS" and free:
            named = named.replace(axis, free[0], 1)
    return named


def _pixels(tif: "TiffFile", series: "TiffPageSeries", show: Callable[[Array], Array] | None) -> Pixels:
    """Pixels by pages, or all of them where the file is not made of pages that are alike.

    `show` gives what the numbers of a page stand for, if these are others.
    """
    page = series.keyframe
    size = math.prod(page.shape)
    cut = next((i for i in range(len(series.shape) + 1) if math.prod(series.shape[i:]) == size), None)
    offset = series.dataoffset
    count = 0 if cut is None else math.prod(series.shape[:cut])
    if cut is None or series.transform is not None or (offset is None and count != len(series)):
        if any(one is None for one in series):
            raise ValueError("some of its planes are not in the file")
        whole = series.asarray()
        return whole if show is None else show(whole)
    inner = series.shape[cut:]
    checked: set[int] = set()

    def read(number: int) -> Pixels:
        if offset is not None:
            at = offset + number * size * series.dtype.itemsize
            return np.memmap(tif.filehandle.path, f"{tif.byteorder}{series.dtype.char}", "r", at, inner)
        stored = series[number]
        if stored is None:
            raise ValueError(f"plane {number} is not in the file")
        if number not in checked:
            check_stored(stored, stored.parent.filehandle.size)
            checked.add(number)
        if tuple(inner) == tuple(page.shape) and len(stored.dataoffsets) > 1:
            return Segments(stored)
        with _opened(tif):
            return np.asarray(tif.asarray(number, series=series).reshape(inner))

    if show is None:
        return Pages(series.shape[:cut], inner, series.dtype, read)
    example = show(np.zeros((1,) * (len(inner) - 1) + inner[-1:], series.dtype))
    shape = inner[:-1] + example.shape[len(inner) - 1 :]
    return Pages(series.shape[:cut], shape, example.dtype, lambda number: show(np.asarray(read(number)[...])))


@contextmanager
def _opened(tif: "TiffFile") -> Iterator[None]:
    """Open a file again whose pages are known."""
    tif.filehandle.open()
    try:
        yield
    finally:
        tif.close()
