"""TIFF: plain, ImageJ, OME, FEI and Thermo Fisher, Zeiss SEM."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from particleforge.store.source import Pages, Pixels, Source

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffPageSeries

SUFFIXES = (".ome.tif", ".ome.tiff", ".tif", ".tiff")

Array = npt.NDArray[Any]


def open(path: Path) -> Source:
    """Open the first series of a TIFF; a plane is read from its own page or pages.

    Pages that name no axis are taken as time points. White-is-zero images are inverted, palettes resolved to colours.
    For the pixel size see `particleforge.store.tiff_scale`.
    """
    from tifffile import PHOTOMETRIC, TiffFile

    from particleforge.store.tiff_scale import tiff_interval_s, tiff_pixel_size_nm

    with TiffFile(path) as tif:
        series = tif.series[0]
        page, axes = series.keyframe, _named(series.axes)
        about: dict[str, Any] = {"pixel_size_nm": tiff_pixel_size_nm(tif), "interval_s": tiff_interval_s(tif)}
        stored = Source.of(_pixels(tif, series, np.asarray), axes, path, **about)
        if page.photometric == PHOTOMETRIC.PALETTE and page.colormap is not None:
            colours = np.asarray(page.colormap).T
            pixels, axes = _pixels(tif, series, lambda numbers: colours[numbers]), axes + "C"
        elif page.photometric == PHOTOMETRIC.MINISWHITE:
            pixels = _pixels(tif, series, _inverted)
        else:
            return stored
        return Source.of(pixels, axes, path, stored=stored, **about)


def _named(axes: str) -> str:
    """Call colours C, and axes of another meaning T, then Z."""
    named = axes.replace("S", "C")
    for axis in axes:
        free = [name for name in "TZ" if name not in named]
        if axis not in "TZYXCS" and free:
            named = named.replace(axis, free[0], 1)
    return named


def _inverted(pixels: Array) -> Array:
    """Turn white-is-zero into black-is-zero."""
    return ~pixels if pixels.dtype.kind in "bu" else pixels.max() - pixels


def _pixels(tif: "TiffFile", series: "TiffPageSeries", show: Callable[[Array], Array]) -> Pixels:
    """Pixels by pages, or all of them where the file is not made of pages that are alike.

    `show` gives what the numbers of a page stand for.
    """
    page = series.keyframe
    size = math.prod(page.shape)
    cut = next((i for i in range(len(series.shape) + 1) if math.prod(series.shape[i:]) == size), None)
    offset = series.dataoffset
    count = 0 if cut is None else math.prod(series.shape[:cut])
    if cut is None or series.transform is not None or (offset is None and count != len(series)):
        return show(series.asarray())
    inner = series.shape[cut:]

    def read(number: int) -> Array:
        with _opened(tif):
            if offset is not None:
                at = offset + number * size * series.dtype.itemsize
                found = tif.filehandle.read_array(f"{tif.byteorder}{series.dtype.char}", size, at)
            elif series[number] is None:  # OME-TIFF may leave out planes
                found = np.full(inner, page.nodata, series.dtype)
            else:
                found = tif.asarray(number, series=series)
        return show(found.reshape(inner))

    example = show(np.zeros((1,) * len(inner), series.dtype))
    return Pages(series.shape[:cut], inner + example.shape[len(inner) :], example.dtype, read)


@contextmanager
def _opened(tif: "TiffFile") -> Iterator[None]:
    """Open a file again whose pages are known."""
    tif.filehandle.open()
    try:
        yield
    finally:
        tif.close()
