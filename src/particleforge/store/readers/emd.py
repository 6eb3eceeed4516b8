"""EMD: HDF5 files of Velox, the program of Thermo Fisher microscopes, and of NCEM, version 0.2.

The second is described at https://emdatasets.com/format; for the first there is no description.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np
import numpy.typing as npt

from particleforge.errors import UserError
from particleforge.micrograph import unit_nm, unit_s
from particleforge.plain_data import parse_json
from particleforge.store.pixels import LazyPixels, Pages, Pixels
from particleforge.store.readers._raw import known_size
from particleforge.store.readers._several import on_others
from particleforge.store.source import Source

if TYPE_CHECKING:
    import h5py

SUFFIXES = (".emd",)
STARTS = (b"\x89HDF\r\n\x1a\n",)

_VELOX = "Data/Image"
_SMALLEST = 1 / 2000
"""Part of its size that compression leaves of an array at best; deflate gets to 1 / 1032."""
_SPARE = 2**16
_LONGEST_METADATA = 2**22


@dataclass(frozen=True)
class _Image:
    """One image or stack of a file: its array, axes and what is known of it."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    axes: str
    title: str = ""
    about: Mapping[str, Any] = field(default_factory=dict)

    @property
    def sides(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.shape[self.axes.index("X")], self.shape[self.axes.index("Y")]

    def __str__(self) -> str:
        return f"{self.sides[0]} x {self.sides[1]} px" + (f", {self.title}" if self.title else "")


def open(path: Path) -> Source:
    """Open the image of a file that has the most pixels, the first of several; a plane is read when it is asked for.

    Raises
    ------
    UserError
        If there is no image.
    ValueError
        If an image is larger than the file can hold.
    """
    import h5py

    with h5py.File(path) as file:
        images = list(_velox_images(file) if _VELOX in file else _ncem_images(file))
    if not images:
        raise UserError(f"{path} holds no image; particles are measured in images.", "Choose another file.")
    largest = max(range(len(images)), key=lambda number: math.prod(images[number].sides))
    if len(images) == 1:
        return _source(path, images[0])
    series = [partial(_source, path, image, number, len(images)) for number, image in enumerate(images, start=1)]
    return replace(series[largest](), series=series)


@dataclass(frozen=True)
class _Dataset:
    """Pixels of an image; its file is open only while they are read."""

    path: Path
    image: _Image

    @property
    def shape(self) -> tuple[int, ...]:
        return self.image.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.image.dtype

    def __getitem__(self, index: Any) -> npt.NDArray[Any]:
        import h5py

        with h5py.File(self.path) as file:
            return np.asarray(file[self.image.name][index])


def _source(path: Path, image: _Image, number: int = 1, count: int = 1) -> Source:
    """Source of one of the images of a file, by its number."""
    size, there = math.prod(image.shape) * image.dtype.itemsize, path.stat().st_size
    if size * _SMALLEST > there + _SPARE:
        raise ValueError(f"{' x '.join(map(str, image.shape))} pixels need {size} bytes, the file has {there}")
    remarks = on_others(number, count, str(image))
    pages, axes = _pages(path, image)
    return Source.of(pages, axes, path, remarks=remarks, **image.about)


def _pages(path: Path, image: _Image) -> tuple[Pages, str]:
    """Pages of an image, and its axes in their order."""
    others = [i for i, axis in enumerate(image.axes) if axis not in "YX"]
    sides = [i for i, axis in enumerate(image.axes) if axis in "YX"]
    lengths = [image.shape[i] for i in others]

    def read(number: int) -> Pixels:
        places = (int(i) for i in np.unravel_index(number, lengths)) if others else ()
        return LazyPixels(_Dataset(path, image), sides, path, dict(zip(others, places, strict=True)))

    pages = Pages(lengths, [image.shape[i] for i in sides], image.dtype, read)
    return pages, "".join(image.axes[i] for i in (*others, *sides))


def _is_image(data: Any) -> "TypeGuard[h5py.Dataset]":
    import h5py

    return isinstance(data, h5py.Dataset) and data.ndim >= 2 and data.dtype.kind in "buif" and bool(data.size)


def _velox_images(file: "h5py.File") -> Iterator[_Image]:
    """Find images with axes (y, x, frame)."""
    import h5py

    for name, group in file[_VELOX].items() if isinstance(file[_VELOX], h5py.Group) else ():
        data = group.get("Data") if isinstance(group, h5py.Group) else None
        if not _is_image(data) or data.ndim > 3:
            continue
        known = _velox_metadata(group.get("Metadata"))
        found = _inner(known, "BinaryResult")
        size, units = _inner(found, "PixelSize"), [str(found.get(f"PixelUnit{axis}", "")) for axis in "YX"]
        steps = [float(size.get(side, 0)) for side in ("height", "width")]
        y, x = (step * (unit_nm(unit) or 0.0) for step, unit in zip(steps, units, strict=True))
        interval = float(_inner(known, "Scan").get("FrameTime", 0)) or None
        about = {"pixel_size_nm": known_size(y, x), "interval_s": interval if data.shape[2:] > (1,) else None}
        title = str(found.get("Detector", ""))
        yield _Image(f"{_VELOX}/{name}/Data", data.shape, data.dtype, "YXT"[: data.ndim], title, about)


def _velox_metadata(data: Any) -> Mapping[str, Any]:
    """Metadata of the first frame: JSON, filled up with zeros."""
    if data is None:
        return {}
    text = bytes(np.asarray(data[:_LONGEST_METADATA, 0], np.uint8)).partition(b"\0")[0]
    found = parse_json(text or b"{}", "The metadata")
    return found if isinstance(found, dict) else {}


def _inner(known: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = known.get(name)
    return found if isinstance(found, Mapping) else {}


def _ncem_images(file: "h5py.File") -> Iterator[_Image]:
    """Find groups with the attribute ``emd_group_type`` and an array ``data``, with axes ``dim1``, ``dim2``, ..."""
    import h5py

    groups: list[h5py.Group] = []
    file.visititems(lambda _, one: groups.append(one) if "emd_group_type" in one.attrs else None)
    for group in groups:
        data = group.get("data") if isinstance(group, h5py.Group) else None
        if _is_image(data):
            yield _ncem_image(group, data)


def _ncem_image(group: "h5py.Group", data: "h5py.Dataset") -> _Image:
    dims = [_ncem_axis(group.get(f"dim{number}")) for number in range(1, data.ndim + 1)]
    names = [name for name, _, _ in dims]
    y, x = (names.index("y"), names.index("x")) if {"x", "y"} <= set(names) else (data.ndim - 2, data.ndim - 1)
    axes = ["Z" if unit_nm(unit) else "T" for _, _, unit in dims]
    axes[y], axes[x] = "Y", "X"
    sides = [abs(dims[i][1]) * (unit_nm(dims[i][2]) or 0.0) for i in (y, x)]
    seconds = [abs(step) * (unit_s(unit) or 0.0) for i, (_, step, unit) in enumerate(dims) if axes[i] == "T"]
    about = {"pixel_size_nm": known_size(*sides), "interval_s": (seconds[0] or None) if seconds else None}
    return _Image(data.name, data.shape, data.dtype, "".join(axes), group.name.rpartition("/")[2], about)


def _ncem_axis(dim: Any) -> tuple[str, float, str]:
    """Name, step and unit of an axis; units are written like ``[n_m]``."""
    if dim is None:
        return "", 0.0, ""
    name, unit = (_text(dim.attrs.get(key, "")) for key in ("name", "units"))
    first = [float(value) for value in dim[:2]]
    return name.lower(), first[1] - first[0] if len(first) == 2 else 0.0, unit.strip("[] ").replace("_", "")


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
