"""Write labels with their image as OME-Zarr 0.5 (https://ngff.openmicroscopy.org/0.5)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import zarr
from zarr.codecs import ZstdCodec

from particleforge.store.files import disk_errors, new_folder
from particleforge.store.micrographs import storable

VERSION = "0.5"
SMALLEST_PX = 512
"""Coarser levels are added until the longer side is below this."""
CHUNK_PX = 1024


def write_ome_labels(
    path: Path,
    labels: npt.NDArray[Any],
    pixels: npt.NDArray[Any] | None = None,
    pixel_size_nm: tuple[float, float] | None = None,
    name: str = "particles",
) -> None:
    """Write an image with its labels in the place required by the format: ``PATH/labels/NAME``.

    Parameters
    ----------
    path
        New folder, usually ``NAME.ome.zarr``.
    labels
        (Y, X) or (T, Y, X) ids; written as uint32.
    pixels
        Image of the same shape, with colours in the last axis if present; None: only the labels are written.
    pixel_size_nm
        Along (Y, X), if known.
    name
        Name of the labels.

    Raises
    ------
    UserError
        If `path` exists, or the disk is full or not writable.
    """
    new_folder(path)
    axes = "tyx"[-labels.ndim :]
    with disk_errors(path):
        group = zarr.open_group(path, mode="w", zarr_format=3)
        if pixels is not None:
            coloured = pixels.ndim > labels.ndim
            image = np.moveaxis(storable(pixels), -1, -3) if coloured else storable(pixels)
            with_colours = axes.replace("yx", "cyx") if coloured else axes
            group.attrs["ome"] = _write_levels(group, image, with_colours, path.name, pixel_size_nm)
        inner = group.create_group("labels")
        inner.attrs["ome"] = {"version": VERSION, "labels": [name]}
        own = inner.create_group(name)
        about: dict[str, Any] = {"version": VERSION, "colors": [{"label-value": 0, "rgba": [0, 0, 0, 0]}]}
        if pixels is not None:
            about["source"] = {"image": "../../"}
        written = _write_levels(own, labels.astype(np.uint32), axes, name, pixel_size_nm)
        own.attrs["ome"] = written | {"image-label": about}


def _write_levels(
    group: zarr.Group, array: npt.NDArray[Any], axes: str, name: str, pixel_size_nm: tuple[float, float] | None
) -> dict[str, Any]:
    """Write every level, each with every other pixel of the one before; return their metadata."""
    levels: list[dict[str, Any]] = []
    size = pixel_size_nm or (1.0, 1.0)
    while True:
        number, step = len(levels), 2 ** len(levels)
        group.create_array(
            str(number),
            data=np.ascontiguousarray(array),
            chunks=_chunks(array.shape),
            compressors=ZstdCodec(checksum=True),
            config={"write_empty_chunks": True},  # so that a missing chunk is known to be lost
            dimension_names=tuple(axes),
        )
        scale = [*[1.0] * (len(axes) - 2), *(side * step for side in size)]
        levels.append({"path": str(number), "coordinateTransformations": [{"type": "scale", "scale": scale}]})
        if max(array.shape[-2:]) < SMALLEST_PX:
            break
        array = array[..., ::2, ::2]
    described = {"name": name, "axes": [_axis(axis, pixel_size_nm is not None) for axis in axes], "datasets": levels}
    return {"version": VERSION, "multiscales": [described]}


def _chunks(shape: Sequence[int]) -> tuple[int, ...]:
    return (*[1] * (len(shape) - 2), *(max(1, min(side, CHUNK_PX)) for side in shape[-2:]))


def _axis(axis: str, in_nm: bool) -> dict[str, str]:
    kind = {"t": "time", "c": "channel"}.get(axis, "space")
    return {"name": axis, "type": kind} | ({"unit": "nanometer"} if in_nm and kind == "space" else {})
