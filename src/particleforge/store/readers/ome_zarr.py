"""OME-Zarr images, versions 0.4 and 0.5 (https://ngff.openmicroscopy.org)."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from particleforge.errors import UserError
from particleforge.micrograph import unit_nm, unit_s
from particleforge.store.readers._raw import known_size
from particleforge.store.readers._several import on_others
from particleforge.store.source import Source
from particleforge.wording import plural

SUFFIXES = (".ome.zarr", ".zarr")
FOLDER = True
INSIDE = ("zarr.json", ".zgroup", ".zarray")

_DESCRIPTIONS = {"zarr.json", ".zgroup", ".zarray", ".zattrs", ".zmetadata"}


def open(path: Path) -> Source:
    """Open the full resolution of the first image; parts are read when sliced.

    Raises
    ------
    UserError
        If there is no OME-Zarr image at `path`.
    ValueError
        If files of it are lost.
    """
    import zarr

    return _source(path, zarr.open(path, mode="r"))


def open_url(url: str) -> Source:
    """Open an image in an object store or on a web server; see `open`.

    Raises
    ------
    UserError
        If there is no OME-Zarr image at `url`.
    ImportError
        If there is no package for its protocol.
    """
    import zarr
    from fsspec import available_protocols
    from zarr.storage import FsspecStore

    protocol = url.partition("://")[0]
    if protocol not in available_protocols():
        raise UserError(f"{url}: the protocol {protocol} is not known.", "Use https:// or s3://, for example.")
    store = FsspecStore.from_url(url, read_only=True)
    try:
        group = zarr.open(store, mode="r")
    except FileNotFoundError:
        raise UserError(
            f"There is no zarr at {url}; other formats are not read at URLs.",
            "Check the address, and whether it needs a login.",
        ) from None
    return _source(url, group)


def _source(place: Path | str, group: Any) -> Source:
    """Source of the first image of a group, with the others as its series."""
    import zarr

    if not isinstance(group, zarr.Group):
        raise UserError(
            f"{place} is an array without axes or a scale.",
            f"Give the OME-Zarr image: {str(place).rpartition('/')[0]}.",
        )
    images = list(_images(group))
    if not images:
        raise UserError(
            f"{place} is a zarr folder without an OME-Zarr image.", "Choose the folder that contains `multiscales`."
        )
    if len(images) == 1:
        return _image(place, *images[0])
    series = [partial(_image, place, *image, number, len(images)) for number, image in enumerate(images, start=1)]
    return replace(series[0](), series=series)


def _images(group: Any) -> Iterator[tuple[Any, Mapping[str, Any]]]:
    """Group and description of each image: of the group itself, or as Bio-Formats writes them in groups 0, 1, ..."""
    attributes = _attributes(group)
    if scales := attributes.get("multiscales"):
        yield from ((group, scale) for scale in scales)
    elif "bioformats2raw.layout" in attributes:
        inner = {name: one for name, one in group.groups() if name.isdigit()}
        for name in sorted(inner, key=int):
            yield from ((inner[name], scale) for scale in _attributes(inner[name]).get("multiscales", ()))


def _attributes(group: Any) -> Mapping[str, Any]:
    attributes: dict[str, Any] = dict(group.attrs)
    found: Mapping[str, Any] = attributes.get("ome", attributes)
    return found


def _image(place: Path | str, group: Any, scale: Mapping[str, Any], number: int = 1, count: int = 1) -> Source:
    """Source of one of the images, by its number."""
    array, *coarser = (_level(group, dataset["path"]) for dataset in scale["datasets"])
    if isinstance(place, Path):
        coarser = [None if level is None or _lost_files(place / level.path, level) else level for level in coarser]
    if array is None:
        raise UserError(f"{place}: the full resolution is not there.", "Copy or write the OME-Zarr again.")
    axes = [_axis(axis) for axis in scale["axes"]]
    if len(axes) != array.ndim:
        raise UserError(f"{place} lists {len(axes)} axes for the shape {array.shape}.", "Write the OME-Zarr again.")
    names = "".join(name for name, _ in axes)
    steps, units = (
        dict(zip(names, _steps(scale, scale["datasets"][0], array.ndim), strict=True)),
        dict(axes),
    )
    y, x = ((unit_nm(units[side]) or 0.0) * steps[side] if side in units else 0.0 for side in "YX")
    seconds = unit_s(units.get("T", ""))
    files = _files(array)
    lost = _lost_files(place / array.path, array) if isinstance(place, Path) else 0
    about: dict[str, Any] = {
        "url": "" if isinstance(place, Path) else place,
        "pixel_size_nm": known_size(y, x),
        "interval_s": (seconds and seconds * steps["T"]) or None,
        "z_step_nm": ((unit_nm(units["Z"]) or 0.0) * steps["Z"] or None) if units.get("Z") else None,
        "coarser": [level for level in coarser if level is not None],
        "remarks": (
            *on_others(number, count, " x ".join(map(str, array.shape))),
            *_on_lost(lost, files, array.fill_value),
            *_on_levels(coarser.count(None)),
            *_on_order(names),
        ),
    }
    path = place if isinstance(place, Path) else None
    stored = Source.of(array, names, path, **about)
    return Source.of(_Checked(array, names), names, path, stored=stored, **about) if lost else stored


def _level(group: Any, name: str) -> Any:
    """Array of a level, None if it is missing."""
    import zarr

    found = group.get(name)
    return found if isinstance(found, zarr.Array) else None


def _on_levels(lost: int) -> tuple[str, ...]:
    if not lost:
        return ()
    return (f"Not used, because files are missing: {plural(lost, 'coarser version')} of the image.",)


@dataclass(frozen=True)
class _Checked:
    """Array that has lost files: a plane of it must not be empty altogether, as labels and windows may be."""

    array: Any
    axes: str

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.array.shape)

    @property
    def dtype(self) -> Any:
        return self.array.dtype

    def __getitem__(self, index: Any) -> npt.NDArray[Any]:
        found = np.asarray(self.array[index])
        height, width = (self.shape[self.axes.index(side)] for side in "YX")
        if found.size >= height * width and (found == self.array.fill_value).all():
            raise ValueError("nothing of this image is stored")
        return found


def _files(array: Any) -> int:
    """Count the files that all pixels of an array take: chunks, or shards with several chunks."""
    return math.prod(-(-length // part) for length, part in zip(array.shape, array.shards or array.chunks, strict=True))


def _lost_files(folder: Path, array: Any) -> int:
    """Count files that are not there.

    Raises
    ------
    ValueError
        If some are there and empty.
    """
    sizes = [one.stat().st_size for one in folder.rglob("*") if one.name not in _DESCRIPTIONS and one.is_file()]
    if empty := sizes.count(0):
        raise ValueError(f"{empty} of {len(sizes)} files with its chunks are empty")
    return max(0, _files(array) - len(sizes))


def _on_lost(lost: int, files: int, fill_value: Any) -> tuple[str, ...]:
    """Remark on files that are not there: the standard allows to leave out those with the fill value only."""
    if not lost:
        return ()
    return (f"{lost} of {files} chunks of the image are not stored; they are read as {fill_value}.",)


def _on_order(names: str) -> tuple[str, ...]:
    if names.index("X") > names.index("Y"):
        return ()
    return ("The file names the axis x before y; it is read by these names, with x across.",)


def _axis(axis: Any) -> tuple[str, str]:
    """Letter and unit of an axis."""
    return (axis.upper(), "") if isinstance(axis, str) else (str(axis["name"]).upper()[:1], str(axis.get("unit", "")))


def _steps(scale: Mapping[str, Any], dataset: Mapping[str, Any], ndim: int) -> list[float]:
    """Step per axis of the first dataset, with the scale of the whole image multiplied in; 0 where none is stated."""
    scales = [
        transformation["scale"]
        for holder in (dataset, scale)
        for transformation in holder.get("coordinateTransformations", [])
        if transformation.get("type") == "scale"
    ]
    steps = [1.0 if scales else 0.0] * ndim
    for one in scales:
        steps = [a * float(b) for a, b in zip(steps, one, strict=True)]
    return steps
