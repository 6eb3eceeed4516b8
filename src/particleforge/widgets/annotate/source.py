"""The micrograph an image layer shows."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from napari.components import Dims
from napari.layers import Image

from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.store.annotated import check_learnable
from particleforge.store.image_files import image_stem, image_suffix
from particleforge.store.micrographs import open_source
from particleforge.widgets.layers import file_name, finest, own_file, pixel_size_nm, source_path
from particleforge.widgets.workspace import ANNOTATIONS, workspace

MOST_PIXELS = 200_000_000
"""Larger images would take more than a few GB to annotate."""


@dataclass(frozen=True, eq=False)
class Source:
    """One 2D image out of a layer.

    Parameters
    ----------
    micrograph
        Its pixels at full resolution, the pixel size of the layer, its name.
    file
        The file that holds exactly these pixels; None if there is none.
    frame
        Index along the leading axes of a stack; empty for a single image.
    """

    micrograph: Micrograph
    file: Path | None = None
    frame: tuple[int, ...] = field(default=())


def read_source(layer: Image, dims: Dims) -> Source:
    """Take the 2D image that is shown out of an image layer: grey or colour, multiscale, dask, a frame of a stack.

    Raises
    ------
    UserError
        If it is not shown in 2D, too large, or nothing can be learned from it.
    """
    if layer.ndim < 2:
        raise UserError(f"{layer.name} has only one axis; an image needs two.", "Choose an image layer.")
    frame = shown_frame(layer, dims)
    data = finest(layer)
    height, width = data.shape[layer.ndim - 2 : layer.ndim]
    if height * width > MOST_PIXELS:
        raise UserError(
            f"{layer.name} has {height} x {width} px; at most {MOST_PIXELS / 1e6:.0f} million pixels can be annotated.",
            "Crop the part you want to annotate.",
        )
    pixels = np.asarray(data[frame] if frame else data)
    if pixels.dtype.kind not in "buif":
        raise UserError(f"{layer.name} holds {pixels.dtype} values; grey values or colours are needed.")
    pixels = pixels.astype(np.uint8) if pixels.dtype.kind == "b" else pixels
    micrograph = Micrograph(pixels, pixel_size_nm(layer), "YXC" if layer.rgb else "YX", annotation_name(layer, frame))
    check_learnable(micrograph)
    file = None if frame else own_file(layer)
    return Source(micrograph, file if file is not None and file.is_file() else None, frame)


def shown_frame(layer: Image, dims: Dims) -> tuple[int, ...]:
    """Index of the shown frame along the leading axes of a layer.

    Raises
    ------
    UserError
        If other axes than the last two are shown.
    """
    if tuple(dims.displayed) != (dims.ndim - 2, dims.ndim - 1):
        raise UserError(
            f"{layer.name} is not shown as a 2D image of its last two axes.",
            "Switch napari to 2D and restore the original order of axes (buttons below the layer list).",
        )
    steps = dims.current_step[dims.ndim - layer.ndim : dims.ndim - 2]
    data = finest(layer)
    return tuple(int(np.clip(step, 0, length - 1)) for step, length in zip(steps, data.shape, strict=False))


def annotation_name(layer: Image, frame: tuple[int, ...] = ()) -> str:
    """Name under which the annotation of a layer is saved."""
    path = source_path(layer)
    name = image_stem(path) if path else layer.name
    return "_".join([file_name(name), *(f"{step:04d}" for step in frame)])


def default_folder(layer: Image) -> Path:
    """Where the annotation of a layer is saved: the folder of annotations it was opened from, else the workspace."""
    path = source_path(layer)
    inside = path is not None and path.parent.name == "images" and (path.parent.parent / "labels").is_dir()
    return path.parent.parent if path is not None and inside else workspace() / ANNOTATIONS


def file_pixel_size_nm(path: Path) -> tuple[tuple[float, float] | None, str]:
    """Pixel size along (Y, X) that an image file states, or None, and what there is to know about it.

    Raises
    ------
    UserError
        If the file cannot be read.
    """
    if not image_suffix(path):
        return None, ""
    source = open_source(path)
    return source.pixel_size_nm, " ".join((*source.size_remarks, *source.remarks))
