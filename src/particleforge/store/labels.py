"""Label images: one integer per pixel, 0 for no particle."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from particleforge.errors import UserError
from particleforge.store.files import atomic_write
from particleforge.store.image_files import image_suffix
from particleforge.store.micrographs import open_source
from particleforge.store.selection import ALL, Selection
from particleforge.store.source import Source
from particleforge.store.tiff_scale import scale_tags

LARGEST_ID = int(np.iinfo(np.uint32).max)


def open_labels(path: Path | str, selection: Selection = ALL) -> Source:
    """Open label images without reading them: the ids as stored in the file; for palette images the indices.

    Raises
    ------
    UserError
        If the file cannot be read, or its format cannot store labels.
    """
    source = open_source(path, selection)
    if source.lossy:
        raise UserError(
            f"{path}: {image_suffix(Path(path))} changes pixel values and cannot store labels.", "Use TIFF or PNG."
        )
    return source.as_stored


def read_labels(path: Path) -> npt.NDArray[np.uint32]:
    """Read a label image from TIFF, PNG or another lossless format.

    Returns
    -------
    (Y, X) uint32
        The ids as stored in the file; for palette images the palette indices.

    Raises
    ------
    UserError
        If the file cannot be read, is a stack or a colour image, or contains anything but integers from 0 to
        4294967295.
    """
    source = open_labels(path)
    _check_shape(source.pixels.shape, str(path))
    return as_labels(source[0].read().pixels, str(path))


def as_labels(pixels: npt.NDArray[Any], name: str) -> npt.NDArray[np.uint32]:
    """Check that an array contains labels and return it as (Y, X) uint32; ids never overflow.

    Raises
    ------
    UserError
        Naming `name` and the first value that is not a label.
    """
    _check_shape(pixels.shape, name)
    if pixels.dtype.kind not in "biuf":
        raise UserError(f"{name} contains {pixels.dtype} values; labels must be integers.")
    wrong = np.zeros(pixels.shape, bool)
    if pixels.dtype.kind == "f":
        wrong = ~np.isfinite(pixels) | (pixels != np.floor(pixels))
    if pixels.dtype.kind in "iuf" and pixels.dtype.itemsize:
        wrong = wrong | (pixels < 0) | (pixels > LARGEST_ID)
    if wrong.any():
        y, x = np.argwhere(wrong)[0]
        raise UserError(
            f"{name} contains {pixels[y, x]} at row {y}, column {x}; labels must be integers from 0 to {LARGEST_ID}.",
            "Was it scaled or interpolated? Save the original label image.",
        )
    return np.ascontiguousarray(pixels, np.uint32)


def _check_shape(shape: tuple[int, ...], name: str) -> None:
    if len(shape) != 2:
        what = "a colour image" if len(shape) == 3 and shape[-1] in (2, 3, 4) else "a stack"
        raise UserError(
            f"{name} is {what} of shape {shape}; a label image has one number per pixel.",
            "Save it as one grey image of integers (16 or 32 bit), 0 for no particle.",
        )


def write_labels(
    path: Path, labels: npt.NDArray[Any], narrow: bool = False, pixel_size_nm: tuple[float, float] | None = None
) -> None:
    """Write (Y, X) labels as a zlib-compressed uint32 TIFF.

    Parameters
    ----------
    path
        NAME.tif.
    labels
        Ids of particles, 0 for none.
    narrow
        Write uint16 if all ids fit.
    pixel_size_nm
        Along (Y, X), stored in the file if known.

    Raises
    ------
    UserError
        If `labels` are not labels, or the disk is full.
    """
    checked: npt.NDArray[Any] = as_labels(labels, path.name)
    if narrow and checked.max(initial=0) <= np.iinfo(np.uint16).max:
        checked = checked.astype(np.uint16)
    import tifffile

    with atomic_write(path) as temporary, temporary.open("w+b") as file:
        scale = scale_tags(pixel_size_nm)
        tifffile.imwrite(file, checked, compression="zlib", photometric="minisblack", metadata=None, **scale)


def border_ids(labels: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    """Sorted ids of the labels that touch the border of a (Y, X) label image."""
    if 0 in labels.shape:
        return np.zeros(0, np.uint32)
    ids = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    return ids[ids > 0].astype(np.uint32)
