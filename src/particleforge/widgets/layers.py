"""Between napari layers and micrographs."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.store.source import Source
from particleforge.widgets.active import FILE, KEY

if TYPE_CHECKING:
    from napari.layers import Image, Layer

COPIED = ("scale", "translate", "rotate", "shear", "units", "axis_labels")
"""What a layer made from another one shares with it."""


def geometry(layer: "Layer") -> dict[str, Any]:
    """Arguments for a new layer that lies exactly where another one does."""
    return {name: getattr(layer, name) for name in COPIED} | {"affine": np.asarray(layer.affine)}


def pixel_size_nm(layer: "Layer") -> tuple[float, float] | None:
    """Pixel size along (Y, X) in nm; None if the layer's units are not lengths."""
    y, x = (_nm(unit, scale) for unit, scale in zip(layer.units[-2:], layer.scale[-2:], strict=True))
    return None if y is None or x is None else (y, x)


def planes(layer: "Image") -> Source:
    """Return the 2D images of an Image layer: one, or one for each plane of a stack; nothing is computed yet.

    Of a multiscale layer the finest level is taken.

    Raises
    ------
    UserError
        If the layer is a stack of stacks, empty, or holds complex numbers.
    """
    data, rgb = finest(layer), bool(layer.rgb)
    sides = len(data.shape) - rgb
    if 0 in data.shape:
        raise UserError(f"{layer.name} is empty: its shape is {tuple(data.shape)}.", "Choose another layer.")
    if np.dtype(data.dtype).kind == "c":
        raise UserError(f"{layer.name} holds complex numbers.", "Show its magnitude as a separate layer.")
    if sides > 3:
        raise UserError(
            f"{layer.name} has {sides} axes; an image or a single stack of images is needed.",
            "Split the stack first (right-click on the layer).",
        )
    axes = "TYX"[3 - sides :] + "C" * rgb
    pixels = data if sides == 2 or rgb else GreyPlanes(data)
    return Source.of(pixels, axes, name=file_name(layer.name), pixel_size_nm=pixel_size_nm(layer))


class GreyPlanes:
    """A stack of grey images, of which some may be in colour: napari stacks the files of a folder unseen.

    Parameters
    ----------
    data
        (T, Y, X) array, in memory or not. Planes may have other shapes than it claims.
    """

    def __init__(self, data: Any) -> None:
        self._data = data
        self.shape, self.dtype = tuple(data.shape), data.dtype

    def __getitem__(self, index: Any) -> npt.NDArray[Any]:
        found = np.asarray(self._data[index])
        axes = len(self.shape) - sum(not isinstance(part, slice) for part in index)
        if found.ndim == axes + 1 and found.shape[-1] in (3, 4):
            return Micrograph(found, axes="YXC").grey
        if found.ndim != axes:
            raise UserError(f"A plane has shape {found.shape}; a single image is needed.", "Open it as its own layer.")
        return found


def source_path(layer: "Layer") -> Path | None:
    """File or OME-Zarr folder a layer was opened from, if it is still there."""
    about = layer.metadata.get(KEY)
    given = about.get(FILE) if isinstance(about, Mapping) else None
    given = given or layer.source.path
    path = Path(given) if given else None
    return path if path is not None and path.exists() else None


def finest(layer: "Image") -> Any:
    """Array of a layer, in memory or not; of a multiscale layer the finest level."""
    return layer.data[0] if layer.multiscale else layer.data


def stack(parts: Iterable[npt.NDArray[Any]], of: "Image") -> npt.NDArray[Any]:
    """Put results for the planes of a layer together in the shape of that layer, or larger if a plane is larger."""
    arrays = list(parts)
    single = len(finest(of).shape) - bool(of.rgb) == 2
    return arrays[0] if single else padded(arrays)


def padded(planes: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    """Stack (Y, X) or (Y, X, C) planes; those smaller than others are filled up with 0 at their ends."""
    height, width = (max(plane.shape[axis] for plane in planes) for axis in (0, 1))
    whole = np.zeros((len(planes), height, width, *planes[0].shape[2:]), np.result_type(*planes))
    for place, plane in zip(whole, planes, strict=True):
        place[: plane.shape[0], : plane.shape[1]] = plane
    return whole


def file_name(name: str) -> str:
    """Turn the name of a layer into a valid file name."""
    kept = "".join("_" if letter in '/\\:*?"<>|' or ord(letter) < 32 else letter for letter in name)
    return kept.strip(". ") or "image"


def _nm(unit: Any, scale: float) -> float | None:
    if not unit.is_compatible_with("nm"):
        return None
    return abs(float((scale * unit).to("nm").magnitude))
