"""Sets of images that are compared: datasets, folders, images."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np

from particleforge.errors import UserError
from particleforge.plain_data import read_json
from particleforge.sample import Sample
from particleforge.store.annotated import read_files
from particleforge.store.annotated_files import AnnotatedFiles, annotated_files, has_rois, label_folder
from particleforge.store.dataset import Dataset
from particleforge.store.image_files import image_stem
from particleforge.store.micrographs import open_source
from particleforge.store.planes import Planes, find_planes
from particleforge.store.selection import Selection

MOST_PX = 2**26
"""Of larger images only the middle is read."""


@dataclass(frozen=True)
class Item:
    """An image of a set.

    Parameters
    ----------
    name
        Its name.
    read
        Reads it, with its particles where they are known; raises `UserError` if this is not possible. Picklable.
    """

    name: str
    read: Callable[[], Sample]


def items(source: Path, selection: Selection, most: int) -> list[Item]:
    """Find the images of a set; none is read yet.

    Parameters
    ----------
    source
        A dataset, a folder of images, an annotated folder or an image.
    selection
        Which part of each image file is read.
    most
        Largest number of images; of more, every second, third or further one is taken.

    Raises
    ------
    UserError
        If there are none.
    """
    if is_dataset(source):
        found = _of_dataset(source)
    elif source.is_dir() and (label_folder(source) is not None or has_rois(source)):
        found = [item for files in annotated_files(source) for item in _of_files(files, selection)]
    else:
        inner = source / "images"
        planes = find_planes(inner if inner.is_dir() else source, selection=selection)
        found = [Item(name, partial(_read_plane, planes, name)) for name in planes.names]
    if not found:
        raise UserError(f"{source} contains no image.", "Choose another set.")
    return [found[place] for place in np.linspace(0, len(found) - 1, min(most, len(found))).round().astype(int)]


def is_dataset(path: Path) -> bool:
    """Whether a path is a dataset NAME.zarr of ours, and not an OME-Zarr image."""
    if not (path / "zarr.json").is_file():
        return False
    attributes = read_json(path / "zarr.json").get("attributes", {})
    return isinstance(attributes, dict) and "particleforge" in attributes


def _of_dataset(path: Path) -> list[Item]:
    dataset = Dataset.open(path)
    if not dataset.schema.image:
        raise UserError(f"{path} has no images.", "Choose a dataset with images.")
    return [Item(f"sample_{index:06d}", partial(_read_sample, dataset, index)) for index in range(len(dataset))]


def _read_sample(dataset: Dataset, index: int) -> Sample:
    return dataset[index]


def _of_files(files: AnnotatedFiles, selection: Selection) -> list[Item]:
    """Images of an annotated file; one that cannot be opened is stated when it is read."""
    try:
        count = len(open_source(files.image, selection))
    except UserError:
        count = 1
    stem = image_stem(files.image)
    names = [stem] if count == 1 else [f"{stem}_{number:05d}" for number in range(count)]
    return [Item(name, partial(_read_annotated, files, selection, place)) for place, name in enumerate(names)]


def _read_annotated(files: AnnotatedFiles, selection: Selection, place: int) -> Sample:
    return next(islice(read_files(files, selection), place, None))


def _read_plane(planes: Planes, name: str) -> Sample:
    """Read an image, or the middle of a very large one, without particles."""
    plane = planes.get(name)
    share = math.sqrt(min(1.0, MOST_PX / max(1, math.prod(plane.shape))))
    kept = [round(length * share) for length in plane.shape]
    starts = [(length - part) // 2 for length, part in zip(plane.shape, kept, strict=True)]
    window = [slice(start, start + part) for start, part in zip(starts, kept, strict=True)]
    micrograph = plane.window(*window) if share < 1 else plane.read()
    return Sample.unlabelled(replace(micrograph, name=name))
