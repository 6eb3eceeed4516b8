"""Images and labels of any size as napari layers that read what is shown."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from particleforge.store.image_files import image_stem
from particleforge.store.label_image import LABELS
from particleforge.store.labels import open_labels
from particleforge.store.micrographs import open_source
from particleforge.store.pixels import LazyPixels
from particleforge.store.source import Source
from particleforge.widgets.active import FILE, KEY

if TYPE_CHECKING:
    import dask.array as da

LARGE_BYTES = 2**28
"""What is larger, or has coarser versions, is read when it is shown."""
STORE = "store"
"""Role of a layer that shows labels of an OME-Zarr; `FILE` is their folder."""
BLOCK_PX = 1024


def is_large(source: Source) -> bool:
    """Whether an image is to be read only where it is shown."""
    return bool(source.coarser) or source.pixels.nbytes > LARGE_BYTES


def large_layers(path: Path | str) -> list[tuple[Any, dict[str, Any], str]]:
    """Return an image, with the labels that its OME-Zarr holds, as layers of all their levels.

    Parameters
    ----------
    path
        Its file, folder or URL.

    Raises
    ------
    UserError
        If it cannot be read.
    """
    source = open_source(path)
    rgb = source.axes.endswith("C") and source.channels in (3, 4)
    options = {"name": source.name, "rgb": rgb, **_placed(source, rgb), "metadata": {KEY: {FILE: str(path)}}}
    data = levels(source, rgb)
    shown = data if len(data) > 1 else data[0]
    image = (shown, {**options, "multiscale": len(data) > 1, "contrast_limits": _limits(source)}, "image")
    inner = sorted(one for one in Path(path, LABELS).glob("*") if one.is_dir()) if source.path else []
    return [image, *(labels_layer(one) for one in inner)]


def labels_layer(folder: Path) -> tuple[Any, dict[str, Any], str]:
    """Return labels of an OME-Zarr as a layer of all their levels, which lies where they are stored.

    Raises
    ------
    UserError
        If they cannot be read.
    """
    source = open_labels(folder)
    data = levels(source, False)
    options = {"name": f"{image_stem(folder.parents[1])} {folder.name}", "multiscale": len(data) > 1, "opacity": 0.5}
    mark = {KEY: {"role": STORE, FILE: str(folder)}}
    return data if len(data) > 1 else data[0], {**options, **_placed(source, False), "metadata": mark}, "labels"


def levels(source: Source, rgb: bool) -> "list[da.Array]":
    """Return all levels of an image, finest first; channels that are not colours are the first axis.

    They are arrays of dask: napari reads too much of zarr arrays with more than two axes.
    """
    import dask.array as da

    found = []
    for pixels in (source.pixels, *source.coarser):
        sides = ["auto" if axis == "C" else BLOCK_PX if axis in "YX" else 1 for axis in source.axes]
        array: da.Array = da.from_array(_Slices(pixels), chunks=tuple(sides), name=False)
        found.append(array if rgb or "C" not in source.axes else da.moveaxis(array, -1, 0))
    return found


class _Slices:
    """Pixels of which dask only takes slices."""

    def __init__(self, pixels: LazyPixels) -> None:
        self._pixels = pixels
        self.shape, self.dtype, self.ndim = pixels.shape, pixels.dtype, pixels.ndim

    def __getitem__(self, index: Any) -> Any:
        return self._pixels[index]


def _placed(source: Source, rgb: bool) -> dict[str, Any]:
    """Scale and units of a layer: seconds, nanometres, or pixels where they are not known."""
    y, x = source.pixel_size_nm or (None, None)
    known = {"T": (source.interval_s, "s"), "Z": (source.z_step_nm, "nm"), "Y": (y, "nm"), "X": (x, "nm")}
    axes = source.axes.removesuffix("C") if rgb or "C" not in source.axes else f"C{source.axes[:-1]}"
    steps = [known.get(axis, (None, "")) for axis in axes]
    return {
        "scale": tuple(step or 1.0 for step, _ in steps),
        "units": tuple(unit if step else "pixel" for step, unit in steps),
    }


def _limits(source: Source) -> tuple[float, float] | None:
    """Grey values of the coarsest version of the middle plane, or of the middle of it; None: those of the type."""
    coarsest = source.levels[-1] if source.coarser else source
    plane = coarsest[len(coarsest) // 2]
    middle = [slice(max(0, side // 2 - BLOCK_PX), side // 2 + BLOCK_PX) for side in plane.shape]
    pixels = plane.window(*middle).pixels
    low, high = float(np.nanmin(pixels)), float(np.nanmax(pixels))
    return (low, high) if low < high else None
