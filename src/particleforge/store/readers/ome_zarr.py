"""OME-Zarr images, versions 0.4 and 0.5 (https://ngff.openmicroscopy.org)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from particleforge.errors import UserError
from particleforge.micrograph import unit_nm, unit_s
from particleforge.store.source import Source

SUFFIXES = (".ome.zarr", ".zarr")
FOLDER = True


def open(path: Path) -> Source:
    """Open the full resolution of an OME-Zarr image; parts are read when sliced.

    Raises
    ------
    UserError
        If there is no OME-Zarr image at `path`.
    """
    import zarr

    group = zarr.open_group(path, mode="r")
    attributes: dict[str, Any] = dict(group.attrs)
    scales = attributes.get("ome", attributes).get("multiscales")
    if not scales:
        raise UserError(
            f"{path} is a zarr folder without an OME-Zarr image.", "Choose the folder that contains `multiscales`."
        )
    dataset = scales[0]["datasets"][0]
    array = group[dataset["path"]]
    if not isinstance(array, zarr.Array):
        raise UserError(f"{path}/{dataset['path']} is not an array.", "Write the OME-Zarr again.")
    axes = [_axis(axis) for axis in scales[0]["axes"]]
    if len(axes) != array.ndim:
        raise UserError(f"{path} lists {len(axes)} axes for the shape {array.shape}.", "Write the OME-Zarr again.")
    steps = dict(zip((name for name, _ in axes), _steps(scales[0], dataset, array.ndim), strict=True))
    sides = {name: unit_nm(unit) for name, unit in axes if name in "YX"}
    y, x = (size and size * steps[name] for name in "YX" for size in [sides.get(name)])
    seconds = next((unit_s(unit) for name, unit in axes if name == "T"), None)
    return Source.of(
        array,
        "".join(name for name, _ in axes),
        path,
        pixel_size_nm=(y, x) if y and x else None,
        interval_s=seconds and seconds * steps["T"],
        remarks=tuple(_remarks(path, array, [name for name, _ in axes])),
    )


def _remarks(path: Path, array: Any, axes: list[str]) -> Iterator[str]:
    """State what may be meant otherwise than it is read."""
    missing = array.nchunks - array.nchunks_initialized
    if missing:
        yield f"{path}: {missing} of {array.nchunks} chunks are not stored; they are read as {array.fill_value}."
    if axes.index("X") < axes.index("Y"):
        yield f"{path} names the axis x before y; it is read as these names say, with x across."


def _axis(axis: Any) -> tuple[str, str]:
    """Letter and unit of an axis."""
    return (axis.upper(), "") if isinstance(axis, str) else (str(axis["name"]).upper()[:1], str(axis.get("unit", "")))


def _steps(multiscale: dict[str, Any], dataset: dict[str, Any], ndim: int) -> list[float]:
    """Step per axis of the first dataset, with the scale of the whole image multiplied in."""
    steps = [1.0] * ndim
    for holder in (dataset, multiscale):
        for transformation in holder.get("coordinateTransformations", []):
            if transformation.get("type") == "scale":
                steps = [a * float(b) for a, b in zip(steps, transformation["scale"], strict=True)]
    return steps
