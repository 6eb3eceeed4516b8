"""Between napari layers and micrographs."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from particleforge.errors import UserError
from particleforge.micrograph import Micrograph

COPIED = ("scale", "translate", "rotate", "shear", "units", "axis_labels")
"""What a layer made from another one has in common with it."""


def geometry(layer: Any) -> dict[str, Any]:
    """Arguments for a new layer that lies exactly where another one does."""
    return {name: getattr(layer, name) for name in COPIED} | {"affine": np.asarray(layer.affine)}


def pixel_size_nm(layer: Any) -> tuple[float, float] | None:
    """Pixel size along (Y, X) in nm; None where the layer's units are no lengths."""
    y, x = (_nm(unit, scale) for unit, scale in zip(layer.units[-2:], layer.scale[-2:], strict=True))
    return None if y is None or x is None else (y, x)


def planes(layer: Any) -> list["Plane"]:
    """Give the 2D images of an Image layer: one, or one for each plane of a stack; nothing is computed yet.

    Of a multiscale layer the finest level is taken.

    Raises
    ------
    UserError
        If the layer is a stack of stacks, empty, or holds complex numbers.
    """
    data = layer.data[0] if layer.multiscale else layer.data
    rgb = bool(getattr(layer, "rgb", False))
    sides = len(data.shape) - rgb
    if 0 in data.shape:
        raise UserError(f"{layer.name} is empty: its shape is {tuple(data.shape)}.", "Choose another layer.")
    if np.dtype(data.dtype).kind == "c":
        raise UserError(f"{layer.name} holds complex numbers.", "Show its magnitude as a layer of its own.")
    if sides > 3:
        raise UserError(
            f"{layer.name} has {sides} axes; an image or a single stack of images is needed.",
            "Split the stack first (right-click on the layer).",
        )
    axes, size = "YXC" if rgb else "YX", pixel_size_nm(layer)
    if sides == 2:
        return [Plane(data, (), axes, size, file_name(layer.name))]
    return [Plane(data, (i,), axes, size, f"plane_{i:05d}") for i in range(data.shape[0])]


class Plane:
    """One 2D image of a layer, read when it is needed."""

    def __init__(
        self, data: Any, index: tuple[int, ...], axes: str, size_nm: tuple[float, float] | None, name: str
    ) -> None:
        self._data, self._index, self._axes, self._size_nm, self.name = data, index, axes, size_nm, name

    def read(self) -> Micrograph:
        """Read, or compute, its pixels."""
        part = self._data[self._index] if self._index else self._data
        return Micrograph(_storable(np.asarray(part)), self._size_nm, self._axes, self.name)


def stack(parts: Iterator[npt.NDArray[Any]] | list[npt.NDArray[Any]], of: Any) -> npt.NDArray[Any]:
    """Put results for the planes of a layer together in the shape of that layer."""
    arrays = list(parts)
    data = of.data[0] if of.multiscale else of.data
    single = len(data.shape) - bool(getattr(of, "rgb", False)) == 2
    return arrays[0] if single else np.stack(arrays)


def file_name(name: str) -> str:
    """Turn the name of a layer into one a file can have."""
    kept = "".join("_" if letter in '/\\:*?"<>|' or ord(letter) < 32 else letter for letter in name)
    return kept.strip(". ") or "image"


def _storable(pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Turn bool and half floats into what every reader of TIFF knows."""
    return pixels.astype({"b": np.uint8}.get(pixels.dtype.kind, pixels.dtype) if pixels.dtype != np.float16 else "f4")


def _nm(unit: Any, scale: float) -> float | None:
    if not unit.is_compatible_with("nm"):
        return None
    return abs(float((scale * unit).to("nm").magnitude))
