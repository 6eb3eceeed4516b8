"""ParticleForge's files as napari layers, and labels as files, for napari's File menu."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from particleforge.errors import UserError
from particleforge.sample import Sample
from particleforge.store.dataset import Dataset
from particleforge.store.image_files import image_paths, image_stem, is_image
from particleforge.store.labels import open_labels, read_labels, write_labels
from particleforge.store.micrographs import open_source
from particleforge.store.originals import files_of
from particleforge.store.urls import is_url
from particleforge.widgets.active import FILE, KEY, mark_of
from particleforge.widgets.large_layers import is_large, large_layers
from particleforge.wording import plural

LayerData = tuple[Any, dict[str, Any], str]
Read = Callable[[str], list[LayerData]]
LENGTH = "nm"


def get_reader(path: str | list[str]) -> Read | None:
    """Return the reader of a dataset, a folder of images, annotated or not, an OME-Zarr, a URL or a label image."""
    if not isinstance(path, str):
        return None
    if is_url(path):
        return large_layers
    opened = Path(path)
    if not opened.is_dir():
        return read_label_image
    parts = {part for part in ("images", "labels", "rows") if (opened / part).is_dir()}
    if {"images", "rows"} <= parts:
        return read_dataset
    if {"images", "labels"} <= parts:
        return read_folder
    if is_image(opened):
        return read_stored if _is_readable(opened) else None
    return read_images if any(is_image(inside) for inside in opened.iterdir()) else None


def read_stored(path: str) -> list[LayerData]:
    """Return an OME-Zarr with its labels; see `large_layers`."""
    return large_layers(Path(path))


def _is_readable(path: Path) -> bool:
    try:
        open_source(path)
    except UserError:
        return False
    return True


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
    """Return annotated images with their particles and strokes; all but the first are hidden.

    An image that cannot be read or has no labels, and labels without an image, are reported and left out.

    Raises
    ------
    UserError
        If no image can be read.
    """
    folder = Path(path)
    return _each(folder / "images", lambda image: _annotated_layers(folder, image))


def read_images(path: str) -> list[LayerData]:
    """Return each image of a folder as a layer of its own, with its pixel size; all but the first are hidden.

    Raises
    ------
    UserError
        If no image can be read.
    """
    return _each(Path(path), lambda image: image_layers(image))


def _each(folder: Path, read: Callable[[Path], list[LayerData]]) -> list[LayerData]:
    """Read the images of a folder; warn of those that cannot be read."""
    from napari.utils.notifications import show_warning

    layers: list[LayerData] = []
    problems: list[str] = []
    for image in image_paths(folder):
        try:
            found = read(image)
        except UserError as error:
            problems.append(str(error))
            continue
        for _, options, _ in found:
            options["visible"] = not layers
        layers += found
    if not layers:
        raise UserError(f"No image in {folder} can be read: {problems[0]}")
    if problems:
        show_warning(f"{plural(len(problems), 'image')} left out. {problems[0]}")
    return layers


def _annotated_layers(folder: Path, image: Path) -> list[LayerData]:
    """Return an image, its particles, and its strokes if it has any."""
    layers = image_layers(image)
    (_, options, _), name = layers[0], image_stem(image)
    for part, role in (("labels", "particles"), ("background", "background")):
        for file in files_of(folder, part, name)[:1]:
            mark = {"metadata": {KEY: mark_of(role, name, folder)}}
            same = {key: options[key] for key in ("scale", "units")}
            layers.append((read_labels(file), {"name": f"{name} {role}", **same, **mark}, "labels"))
    return layers


def image_layers(path: Path) -> list[LayerData]:
    """Return an image or a stack as a layer that knows its file; a large one is read where it is shown.

    Raises
    ------
    UserError
        If it cannot be read.
    """
    source = open_source(path)
    if is_large(source):
        return large_layers(path)
    pixels, channels = np.asarray(source.pixels), source.axes.endswith("C")
    rgb = channels and pixels.shape[-1] in (3, 4)
    if channels and not rgb:  # they are no colours
        pixels = np.moveaxis(pixels, -1, 0)
    options = {"name": source.name, "rgb": rgb, **geometry(source.pixel_size_nm, pixels.ndim - rgb)}
    return [(pixels, {**options, "metadata": {KEY: {FILE: str(path)}}}, "image")]


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
