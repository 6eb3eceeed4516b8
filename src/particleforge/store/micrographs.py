"""Micrographs from the files microscopes and image programs write."""

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from particleforge.errors import UserError, printable
from particleforge.micrograph import Micrograph
from particleforge.store.calibration import Statement, agree
from particleforge.store.files import atomic_write, check_length
from particleforge.store.image_files import image_stem, reader_of
from particleforge.store.memory import check_memory
from particleforge.store.pixel_sizes import given_pixel_size
from particleforge.store.selection import ALL, Selection
from particleforge.store.source import Source
from particleforge.store.tiff_scale import scale_tags
from particleforge.store.unreadable import unreadable
from particleforge.store.urls import open_url, url_stem

LARGE_BYTES = 2**30
"""Stacks above this stay on disk."""
BYTES_PER_PX = 4
"""Memory for the grey values of an image."""


def open_source(path: Path | str, selection: Selection = ALL) -> Source:
    """Open an image or a stack, or the selected part of it, without reading its pixels; text is a URL.

    A pixel size that a person gave to the image counts instead of the one its file states; see
    `particleforge.store.pixel_sizes`.

    Raises
    ------
    UserError
        If the file is missing, broken or of no known kind, has no such part, or what gives pixel sizes next to it is
        not readable.
    """
    if isinstance(path, str):
        return replace(selection.of(open_url(path)), name=url_stem(path))
    name = image_stem(path)
    if printable(path.name) != path.name:
        raise UserError(f"The name of {printable(str(path))} is not UTF-8 text.", "Rename the file.")
    check_length(name)
    reader, remarks = reader_of(path)
    with unreadable(path):
        found = selection.of(reader.open(path))
    source = replace(found, name=name, remarks=(*remarks, *found.remarks))
    given = given_pixel_size(path, name)
    if given is None:
        return source
    size, on_size = given.size_nm, given.remarks
    if size and source.pixel_size_nm and not agree(size, source.pixel_size_nm):
        on_size += (f"{Statement(source.pixel_size_nm, 'the image file')} is not used.",)
    return replace(source, pixel_size_nm=size, size_remarks=on_size)


def read_micrograph(path: Path, selection: Selection = ALL) -> Micrograph:
    """Read one image, or a whole stack, or the selected part of it, with its pixel size.

    TIFF (plain, ImageJ, OME, FEI/Thermo Fisher and Zeiss SEM), PNG, JPEG, BMP, OME-Zarr 0.4 and 0.5 images, DM3,
    DM4, SER, EMD, MRC, and what readers of other packages open; see `particleforge.store.readers`. Stacks above 1 GiB
    stay on disk: their pixels are read when they are sliced.

    Raises
    ------
    UserError
        If the file is missing, broken or of another kind.
    """
    source = open_source(path, selection)
    check_memory(source[:1], BYTES_PER_PX)
    stays = source.lengths and source.pixels.nbytes > LARGE_BYTES
    pixels = cast("npt.NDArray[Any]", source.pixels) if stays else np.asarray(source.pixels)
    return source.micrograph(pixels, source.axes, source.name)


def write_micrograph(path: Path, micrograph: Micrograph) -> None:
    """Write a 2D image as a zlib-compressed TIFF with its pixel size as ImageJ notes it; see `storable`.

    Raises
    ------
    UserError
        If it is a stack, or the disk is full.
    """
    if micrograph.axes not in ("YX", "YXC"):
        raise UserError(
            f"{micrograph.name}: axes {micrograph.axes} are a stack; one 2D image can be written.",
            "Save the slice you want as a separate image.",
        )
    import tifffile

    with atomic_write(path) as temporary, temporary.open("w+b") as file:
        tifffile.imwrite(
            file,
            storable(micrograph.pixels),
            photometric="rgb" if micrograph.axes == "YXC" and micrograph.pixels.shape[2] > 2 else "minisblack",
            compression="zlib",
            planarconfig="contig" if micrograph.axes == "YXC" else None,
            metadata=None,
            **scale_tags(micrograph.pixel_size_nm),
        )


def storable(pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Turn bool into numbers and half floats into floats, which every reader of images knows."""
    known = {"?": np.uint8, "e": np.float32}
    found = np.asarray(pixels)
    return found.astype(known.get(found.dtype.char, found.dtype))
