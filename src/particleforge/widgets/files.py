"""ParticleForge's files as napari layers, and labels as files, for napari's File menu."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from particleforge.errors import UserError
from particleforge.sample import Sample
from particleforge.store.annotated import read_annotated
from particleforge.store.dataset import Dataset
from particleforge.store.labels import open_labels, read_labels, write_labels

LayerData = tuple[Any, dict[str, Any], str]
Read = Callable[[str], list[LayerData]]
LENGTH = "nm"


def get_reader(path: str | list[str]) -> Read | None:
    """Return the reader of a dataset, a folder of annotated images or a label image; None for anything else."""
    if not isinstance(path, str):
        return None
    opened = Path(path)
    if not opened.is_dir():
        return read_label_image
    parts = {part for part in ("images", "labels", "rows") if (opened / part).is_dir()}
    if {"images", "rows"} <= parts:
        return read_dataset
    return read_folder if {"images", "labels"} <= parts else None


def read_dataset(path: str) -> list[LayerData]:
    """Return the samples of a dataset as a lazily read stack, with their particles above."""
    dataset, name = Dataset.open(Path(path)), Path(path).stem
    first = dataset[0]
    options = {"metadata": {"particleforge": first.recipe}, **geometry(first.micrograph.pixel_size_nm, 3)}
    layers: list[LayerData] = [(dataset.stack("images"), {"name": name, **options}, "image")]
    if dataset.schema.labels:
        layers.append((dataset.stack("labels"), {"name": f"{name} particles", **options}, "labels"))
    return layers


def read_folder(path: str) -> list[LayerData]:
    """Return annotated images with their particles and strokes; all but the first are hidden."""
    samples = read_annotated(Path(path))
    return [layer for number, sample in enumerate(samples) for layer in sample_layers(sample, visible=not number)]


def read_label_image(path: str) -> list[LayerData]:
    """Return a label image with the pixel size its file states."""
    size = open_labels(Path(path)).pixel_size_nm
    return [(read_labels(Path(path)), {"name": Path(path).stem, **geometry(size)}, "labels")]


def write_label_image(path: str, data: Any, attributes: dict[str, Any]) -> list[str]:
    """Write a Labels layer as a TIFF with its pixel size.

    Raises
    ------
    UserError
        If it is a stack, or the disk is full.
    """
    units, sides = attributes.get("units", ()), attributes.get("scale", ())
    size = None
    if len(units) == 2 and all(unit.is_compatible_with(LENGTH) for unit in units):
        y, x = (float((abs(side) * unit).to(LENGTH).magnitude) for side, unit in zip(sides, units, strict=True))
        size = (y, x)
    levels = data[0] if attributes.get("multiscale") else data
    if len(levels.shape) != 2:
        raise UserError(
            f"{attributes['name']} is a stack; only a single label image can be saved.", "Split the stack first."
        )
    write_labels(Path(path), np.asarray(levels), pixel_size_nm=size)
    return [path]


def sample_layers(sample: Sample, visible: bool = True) -> list[LayerData]:
    """Return the layers of one annotated image, named after it."""
    options = {"visible": visible, **geometry(sample.micrograph.pixel_size_nm)}
    name, rgb = sample.micrograph.name, sample.micrograph.axes == "YXC"
    layers: list[LayerData] = [
        (sample.micrograph.pixels, {"name": name, "rgb": rgb, **options}, "image"),
        (sample.labels, {"name": f"{name} particles", **options}, "labels"),
    ]
    if sample.known is not None:
        layers.append((sample.background, {"name": f"{name} background", **options}, "labels"))
    return layers


def geometry(pixel_size_nm: tuple[float, float] | None, axes: int = 2) -> dict[str, Any]:
    """Scale and units of a layer; axes before the last two are counted."""
    scale, unit = ((1.0, 1.0), "pixel") if pixel_size_nm is None else (pixel_size_nm, LENGTH)
    before = axes - 2
    return {"scale": (*[1.0] * before, *scale), "units": (*["pixel"] * before, unit, unit)}
