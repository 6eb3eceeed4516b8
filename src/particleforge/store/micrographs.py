"""Micrographs from the files microscopes and image programs write."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tifffile
from PIL import Image

from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.store.files import atomic_write
from particleforge.store.ome_zarr import read_ome_zarr
from particleforge.store.tiff_scale import scale_tags, tiff_pixel_size_nm
from particleforge.store.unreadable import unreadable

IMAGE_SUFFIXES = (".ome.tif", ".ome.tiff", ".ome.zarr", ".tif", ".tiff", ".zarr", ".png", ".jpg", ".jpeg")
"""What `read_micrograph` reads; capitals do not matter."""

_PILLOW_PLAIN = {"1", "L", "LA", "I", "I;16", "I;16B", "F", "RGB", "RGBA"}


def image_stem(path: Path) -> str:
    """Name of an image without its suffix; ``a.ome.tif`` gives ``a``."""
    for suffix in IMAGE_SUFFIXES:
        if path.name.lower().endswith(suffix):
            return path.name[: -len(suffix)]
    return path.stem


def image_paths(folder_or_file: Path) -> list[Path]:
    """Images of a folder sorted by name, or the one image given. Subfolders and hidden files are left out.

    Raises
    ------
    UserError
        If there is none, or two have the same name but for the suffix.
    """
    known = f"Known are {', '.join(IMAGE_SUFFIXES)}."
    if _is_image(folder_or_file):
        found = [folder_or_file]
    elif folder_or_file.is_dir():
        found = sorted((path for path in folder_or_file.iterdir() if _is_image(path)), key=lambda path: path.name)
    else:
        if not folder_or_file.exists():
            raise UserError(f"{folder_or_file} does not exist.", "Check the path.")
        raise UserError(f"{folder_or_file} is no image.", known)
    if not found:
        below = (path for pattern in ("*/*", "*/*/*") for path in sorted(folder_or_file.glob(pattern)))
        near = next((path.parent for path in below if _is_image(path)), None)
        hint = known if near is None else f"{near} holds some; is that the folder?"
        raise UserError(f"{folder_or_file} holds no image.", hint)
    by_stem: dict[str, Path] = {}
    for path in found:
        other = by_stem.setdefault(image_stem(path), path)
        if other != path:
            raise UserError(
                f"{other.name} and {path.name} in {path.parent} have the same name.", "Rename or remove one of them."
            )
    return found


def read_micrograph(path: Path) -> Micrograph:
    """Read one image with its pixel size.

    TIFF (plain, ImageJ, OME, FEI/Thermo Fisher and Zeiss SEM), PNG, JPEG, and OME-Zarr 0.4 and 0.5 images.

    - Pages of a TIFF that name no axis are taken as time points; colours come last.
    - White-is-zero TIFFs are inverted, palettes resolved to colours.
    - For the pixel size see `particleforge.store.tiff_scale`. PNG and JPEG have none: their resolution is for print.
    - OME-Zarr images above 1 GiB stay on disk: their pixels are read when they are sliced.

    Raises
    ------
    UserError
        If the file is missing, broken or of another kind.
    """
    lower = path.name.lower()
    if not lower.endswith(IMAGE_SUFFIXES):
        raise UserError(f"{path} is no image that can be read.", f"Known are {', '.join(IMAGE_SUFFIXES)}.")
    if lower.endswith(".zarr"):
        pixels, axes, size = read_ome_zarr(path)
    elif lower.endswith((".tif", ".tiff")):
        pixels, axes, size = _read_tiff(path)
    else:
        pixels, axes, size = *_read_pillow(path), None
    return Micrograph(pixels, size, axes, image_stem(path))


def write_micrograph(path: Path, micrograph: Micrograph) -> None:
    """Write a 2D image as a zlib-compressed TIFF with its pixel size as ImageJ notes it.

    Raises
    ------
    UserError
        If it is a stack, or the disk is full.
    """
    if micrograph.axes not in ("YX", "YXC"):
        raise UserError(
            f"{micrograph.name}: axes {micrograph.axes} are a stack; one 2D image can be written.",
            "Save the slice you want as an image of its own.",
        )
    with atomic_write(path) as temporary, temporary.open("w+b") as file:
        tifffile.imwrite(
            file,
            np.asarray(micrograph.pixels),
            photometric="rgb" if micrograph.axes == "YXC" and micrograph.pixels.shape[2] > 2 else "minisblack",
            compression="zlib",
            planarconfig="contig" if micrograph.axes == "YXC" else None,
            metadata=None,
            **scale_tags(micrograph.pixel_size_nm),
        )


def _is_image(path: Path) -> bool:
    if path.name.startswith(".") or not path.name.lower().endswith(IMAGE_SUFFIXES):
        return False
    return path.is_dir() if path.name.lower().endswith(".zarr") else path.is_file()


def _read_pillow(path: Path) -> tuple[npt.NDArray[Any], str]:
    with unreadable(path), Image.open(path, formats=["PNG", "JPEG"]) as image:
        if image.mode in _PILLOW_PLAIN:
            pixels = np.asarray(image)
        else:
            pixels = np.asarray(image.convert("RGBA" if image.has_transparency_data else "RGB"))
    return pixels, "YXC"[: pixels.ndim]


def _read_tiff(path: Path) -> tuple[npt.NDArray[Any], str, tuple[float, float] | None]:
    with unreadable(path), tifffile.TiffFile(path) as tif:
        series = tif.series[0]
        pixels, page = series.asarray(), series.keyframe
        if page.photometric == tifffile.PHOTOMETRIC.PALETTE and page.colormap is not None:
            pixels = np.moveaxis(np.asarray(page.colormap)[:, pixels], 0, -1)
            axes = series.axes + "S"
        else:
            axes = series.axes
            if page.photometric == tifffile.PHOTOMETRIC.MINISWHITE:
                pixels = _inverted(pixels)
        size = tiff_pixel_size_nm(tif)
    return *_name_axes(pixels, axes, path), size


def _inverted(pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Turn white-is-zero into black-is-zero."""
    return ~pixels if pixels.dtype.kind in "bu" else pixels.max() - pixels


def _name_axes(pixels: npt.NDArray[Any], axes: str, path: Path) -> tuple[npt.NDArray[Any], str]:
    """Drop axes of length 1, name the others T, Z, Y, X, C and put colours last."""
    keep = [i for i, axis in enumerate(axes) if axis in "YX" or pixels.shape[i] > 1]
    pixels = pixels.reshape([pixels.shape[i] for i in keep])
    named = "".join(axes[i] for i in keep).replace("S", "C")
    for axis in named:
        if axis not in "TZYXC":
            free = [name for name in "TZ" if name not in named]
            named = named.replace(axis, free[0] if free else axis)
    if len(set(named)) < len(named) or set(named) - set("TZYXC") or not {"Y", "X"} <= set(named):
        raise UserError(
            f"{path}: shape {pixels.shape} with axes {named} has more axes than can be used.",
            "Save the plane you want as an image of its own.",
        )
    order = sorted(range(len(named)), key=lambda i: "TZYXC".index(named[i]))
    return np.ascontiguousarray(pixels.transpose(order)), "".join(named[i] for i in order)
