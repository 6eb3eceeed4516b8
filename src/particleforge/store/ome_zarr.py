"""OME-Zarr images, versions 0.4 and 0.5 (https://ngff.openmicroscopy.org)."""

from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import zarr

from particleforge.errors import UserError
from particleforge.micrograph import unit_nm
from particleforge.store.unreadable import unreadable

LARGE_BYTES = 2**30
"""Images above this stay on disk."""


class LazyPixels:
    """Pixels on disk that look like an array: sliced parts are read, all of them only by `np.asarray`.

    Parameters
    ----------
    array
        The zarr array; one letter of `axes` per dimension.
    """

    def __init__(self, array: zarr.Array[Any], keep: tuple[int, ...]) -> None:
        self._array = array
        self._keep = keep
        self.shape = tuple(array.shape[i] for i in keep)
        self.ndim = len(keep)
        self.dtype = array.dtype
        self.size = int(np.prod(self.shape))
        self.nbytes = self.size * self.dtype.itemsize

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Any) -> npt.NDArray[Any]:
        given = index if isinstance(index, tuple) else (index,)
        if Ellipsis in given or len(given) > self.ndim:
            return cast("npt.NDArray[Any]", np.asarray(self)[index])
        full: list[Any] = [0] * len(self._array.shape)
        for axis in self._keep:
            full[axis] = slice(None)
        for axis, part in zip(self._keep, given, strict=False):
            full[axis] = part
        return np.asarray(self._array[tuple(full)])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        return np.asarray(self[(slice(None),) * self.ndim], dtype)

    def astype(self, dtype: Any) -> npt.NDArray[Any]:
        """All pixels as another type."""
        return np.asarray(self, dtype)


def read_ome_zarr(path: Path) -> tuple[npt.NDArray[Any], str, tuple[float, float] | None]:
    """Full-resolution pixels, axes and pixel size along (Y, X) in nm of an OME-Zarr image.

    Raises
    ------
    UserError
        If there is no OME-Zarr image at `path`.
    """
    with unreadable(path):
        group = zarr.open_group(path, mode="r")
        attributes: dict[str, Any] = dict(group.attrs)
        scales = attributes.get("ome", attributes).get("multiscales")
        if not scales:
            raise UserError(
                f"{path} is a zarr folder without an OME-Zarr image.", "Point to the folder that holds `multiscales`."
            )
        dataset = scales[0]["datasets"][0]
        array = group[dataset["path"]]
        if not isinstance(array, zarr.Array):
            raise UserError(f"{path}/{dataset['path']} is no array.", "Write the OME-Zarr again.")
        named = [_axis(axis) for axis in scales[0]["axes"]]
        if len(named) != array.ndim:
            raise UserError(f"{path} names {len(named)} axes for the shape {array.shape}.", "Write the OME-Zarr again.")
        steps = _scale(scales[0], dataset, array.ndim)
        return *_planes(array, "".join(name for name, _ in named), path), _size(named, steps)


def _axis(axis: Any) -> tuple[str, float | None]:
    """Letter and unit in nm of an axis."""
    if isinstance(axis, str):
        return axis.upper(), None
    return str(axis["name"]).upper()[:1], unit_nm(str(axis.get("unit", "")))


def _scale(multiscale: dict[str, Any], dataset: dict[str, Any], ndim: int) -> list[float]:
    """Step per axis of the first dataset, with the scale of the whole image multiplied in."""
    steps = [1.0] * ndim
    for holder in (dataset, multiscale):
        for transformation in holder.get("coordinateTransformations", []):
            if transformation.get("type") == "scale":
                steps = [a * float(b) for a, b in zip(steps, transformation["scale"], strict=True)]
    return steps


def _size(named: list[tuple[str, float | None]], steps: list[float]) -> tuple[float, float] | None:
    sides = {name: unit and unit * step for (name, unit), step in zip(named, steps, strict=True)}
    y, x = sides.get("Y"), sides.get("X")
    return (y, x) if y and x else None


def _planes(array: zarr.Array[Any], axes: str, path: Path) -> tuple[npt.NDArray[Any], str]:
    """Drop axes of length 1 and put colours last."""
    keep = tuple(i for i, axis in enumerate(axes) if axis in "YX" or array.shape[i] > 1)
    named = "".join(axes[i] for i in keep)
    if not {"Y", "X"} <= set(named) or set(named) - set("TZCYX") or len(set(named)) < len(named):
        raise UserError(f"{path}: axes {named} cannot be used; they are made of T, Z, C, Y, X.")
    lazy = LazyPixels(array, keep)
    if lazy.nbytes > LARGE_BYTES and "C" not in named:
        return cast("npt.NDArray[Any]", lazy), named
    order = sorted(range(len(named)), key=lambda i: "TZYXC".index(named[i]))
    return np.ascontiguousarray(np.asarray(lazy).transpose(order)), "".join(named[i] for i in order)
