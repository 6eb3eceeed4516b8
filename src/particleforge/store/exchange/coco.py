"""COCO instances: ``images/NAME.tif`` and ``instances.json`` (https://cocodataset.org/#format-data).

Masks are compressed run lengths with ``iscrowd`` 0, exact to the pixel. Where whole outlines are known, they are those
of whole particles and overlap. Some additions, which other readers ignore or understand: each annotation keeps its id
in the label image as ``label``; of a whole particle ``visible_fraction`` and, as ``visible_segmentation``, what others
do not hide; and unannotated parts are one region with ``iscrowd`` 1, which COCO excludes from training and scores.
There is one category, ``particle``.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from particleforge.errors import UserError
from particleforge.mask import Mask
from particleforge.micrograph import Micrograph
from particleforge.outline import Outline, outline_of
from particleforge.plain_data import read_json
from particleforge.sample import CLASS, Sample
from particleforge.step import Progress, Step, stepwise
from particleforge.store.exchange._coco_entries import Entry, is_whole, read_entries, shown
from particleforge.store.exchange._coco_masks import mask_of
from particleforge.store.exchange.pairs import total_of
from particleforge.store.files import atomic_write, claim_name, complete_folder, new_part
from particleforge.store.labels import LARGEST_ID, as_labels
from particleforge.store.micrographs import read_micrograph, write_micrograph
from particleforge.store.rle import Ints, instance_pixels, runs_of, to_text
from particleforge.store.unreadable import unreadable

if TYPE_CHECKING:
    import pandas as pd

LAYOUT = "a JSON file with images and annotations; images next to it or in images/"
MARKS_UNKNOWN = True
FILE_NAME = "instances.json"
SHOWN = 3
"""Most particles that are named in a remark."""
LARGEST_PX = 1e9
"""Boxes that reach further are not read."""


@stepwise
def write(samples: Iterable[Sample], folder: Path) -> Step[Path]:
    """Write samples as a new folder in the COCO instance format.

    Yields
    ------
    Progress
        Counted in samples.

    Returns
    -------
    The folder.

    Raises
    ------
    UserError
        If `folder` exists, two samples have the same name, or the disk is full.
    """
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    taken: set[str] = set()
    with complete_folder(folder) as part:
        for done, sample in enumerate(samples, 1):
            name = f"{claim_name(sample.name, taken)}.tif"
            write_micrograph(new_part(part, "images") / name, sample.micrograph)
            height, width = sample.micrograph.shape
            images.append({"id": done, "file_name": name, "height": height, "width": width})
            for annotation in _annotations(sample, done):
                annotations.append({"id": len(annotations) + 1, **annotation})
            yield Progress(done, total_of(samples, done), sample.name)
        content = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "particle"}]}
        with atomic_write(part / FILE_NAME) as temporary:
            temporary.write_text(json.dumps(content), encoding="utf-8")
    return folder


def read(folder: Path) -> Iterator[Sample]:
    """Read COCO instances one by one, run lengths (text or list) and polygons.

    Ids are those of ``label`` if every annotation of an image has its own, otherwise 1, 2, 3 in the order of the file.
    If instances overlap, later ones cover earlier ones, and the whole particles are the outlines of the sample; those
    of which nothing is visible are a remark of the image. ``iscrowd`` regions count as unknown. All categories count as
    particles; if several are listed, they are the column ``class`` of the truth.

    Parameters
    ----------
    folder
        Folder with ``instances.json`` or one JSON file, directly or in ``annotations/``; or that file. Images are next
        to it, in ``images/``, or one folder up.

    Raises
    ------
    UserError
        Immediately if the JSON is missing or broken; during the iteration if an image or mask cannot be read.
    """
    images, by_image = entries_in(folder)
    categories = categories_in(folder)
    return (_sample(read_image(image), by_image[image.key("id")], categories) for image in images)


def entries_in(folder: Path) -> tuple[list[Entry], dict[int | str, list[Entry]]]:
    """Images of a folder or file, and the annotations of each by its id; see `read`.

    Raises
    ------
    UserError
        If the JSON is missing or broken.
    """
    file = json_file(folder)
    with unreadable(file, "Export the annotations again."):
        return read_entries(file)


def categories_in(folder: Path) -> dict[int | str, str]:
    """Names of the categories of a folder or file by their ids; empty if only one is listed, as it distinguishes none.

    Raises
    ------
    UserError
        If the JSON is missing or broken.
    """
    listed = read_json(json_file(folder)).get("categories")
    entries = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    names = {one["id"]: str(one.get("name", one["id"])) for one in entries if isinstance(one.get("id"), (int, str))}
    return names if len(names) > 1 else {}


def recognises(folder: Path) -> bool:
    """Whether a folder holds annotations in this format, or a file is one."""
    places = [folder] if folder.is_file() else [*folder.glob("*.json"), *folder.glob("annotations/*.json")]
    return any(_is_coco(path) for path in places if path.suffix.lower() == ".json")


def _is_coco(path: Path) -> bool:
    try:
        content = path.read_bytes()
    except OSError:
        return False
    return b'"annotations"' in content and b'"images"' in content


def _annotations(sample: Sample, image_id: int) -> Iterator[dict[str, Any]]:
    shape, visible = sample.micrograph.shape, dict(instance_pixels(sample.labels))
    for one in sample.outlines or ():
        seen = visible.pop(one.label, np.empty(0, np.int64))
        whole = np.union1d(_positions(Mask.within(one.points_px, shape), shape[0]), seen)
        if whole.size:
            about = {"iscrowd": 0, "label": one.label, "visible_fraction": one.visible_fraction}
            yield _annotation(whole, sample, image_id) | about | {"visible_segmentation": _segmentation(seen, shape)}
    for label, pixels in visible.items():
        yield _annotation(pixels, sample, image_id) | {"iscrowd": 0, "label": label}
    if sample.known is not None and not sample.known.all():
        yield _annotation(np.flatnonzero(~sample.known.T), sample, image_id) | {"iscrowd": 1}


def _annotation(pixels: Ints, sample: Sample, image_id: int) -> dict[str, Any]:
    """Annotation of a mask given by the positions of its pixels, column by column."""
    height, width = sample.micrograph.shape
    x, y = pixels // height, pixels % height
    left, top = int(x.min()), int(y.min())
    return {
        "image_id": image_id,
        "category_id": 1,
        "area": int(pixels.size),
        "bbox": [left, top, int(x.max()) - left + 1, int(y.max()) - top + 1],
        "segmentation": _segmentation(pixels, (height, width)),
    }


def _segmentation(pixels: Ints, shape: tuple[int, int]) -> dict[str, Any]:
    return {"size": list(shape), "counts": to_text(runs_of(pixels, shape[0] * shape[1]))}


def _positions(mask: Mask, height: int) -> Ints:
    """Positions of the pixels of a mask, column by column."""
    rows, columns = mask.places
    return np.sort(columns * height + rows)


def json_file(folder: Path) -> Path:
    """Find the JSON file of a folder in this format.

    Raises
    ------
    UserError
        If there is none, or several.
    """
    if folder.is_file() or not folder.exists():
        return folder
    for place in (folder, folder / "annotations"):
        if (place / FILE_NAME).is_file():
            return place / FILE_NAME
        found = sorted(place.glob("*.json"))
        if len(found) == 1:
            return found[0]
        if found:
            raise UserError(f"{place} contains {len(found)} JSON files.", "Give the path of the file to read.")
    raise UserError(f"{folder} contains no JSON file.", f"COCO instances are read from {FILE_NAME}.")


def read_image(image: Entry) -> Micrograph:
    """Read the image of an entry.

    Raises
    ------
    UserError
        If it is not there, cannot be read, or has another size than the entry states.
    """
    name = image.text("file_name")
    with unreadable(image.file, "Check the file_name."):
        micrograph = read_micrograph(_image_file(image, name))
    listed = tuple(image.whole(field) for field in ("height", "width"))
    if any(side not in (None, actual) for side, actual in zip(listed, micrograph.shape, strict=True)):
        raise image.wrong(
            f"lists {shown(name)} as {listed[0]} x {listed[1]} px, but it is {micrograph.shape[0]} x "
            f"{micrograph.shape[1]} px.",
            "Use the images for which these annotations were made.",
        )
    return micrograph


def _sample(micrograph: Micrograph, annotations: list[Entry], categories: Mapping[int | str, str]) -> Sample:
    shape = micrograph.shape
    ids = np.zeros(shape[::-1], np.int64)
    crowd = np.zeros(shape[::-1], bool)
    particles = [annotation for annotation in annotations if not annotation.is_crowd]
    whole: dict[int, Ints] = {}
    kept: dict[int, Entry] = {}
    refused: list[UserError] = []
    for label, annotation in zip(_labels_of(particles), particles, strict=True):
        try:
            pixels, seen = mask_of(annotation, shape), mask_of(_visible(annotation), shape)
        except UserError as error:
            refused.append(error)
            crowd[_box(annotation)] = True  # there is a particle that is not known
            continue
        whole[label], kept[label], ids.flat[seen] = pixels, annotation, label
    if refused and not kept:
        raise refused[0]
    for annotation in annotations:
        if annotation.is_crowd:
            crowd.flat[mask_of(annotation, shape)] = True
    known: npt.NDArray[np.bool_] | None = np.ascontiguousarray(~crowd.T) if crowd.any() else None
    remarks = micrograph.remarks + _left_out(refused, len(particles)) + _vanished(ids, whole, kept)
    overlap = sum(map(len, whole.values())) > np.count_nonzero(ids) or any(_is_whole(one) for one in kept.values())
    targets = {"outlines": _outlines(ids, whole, kept)} if overlap else {}
    labels, truth = as_labels(ids.T, micrograph.name), _classes(kept, categories) if categories else None
    return Sample(replace(micrograph, remarks=remarks), labels, known, truth, targets=targets)


def _classes(particles: Mapping[int, Entry], categories: Mapping[int | str, str]) -> pd.DataFrame:
    """Table of the classes of particles; one of a category that is not listed has none."""
    import pandas as pd

    found = [one.data.get("category_id") for one in particles.values()]
    names = [categories.get(one, "") if isinstance(one, (int, str)) else "" for one in found]
    return pd.DataFrame({"label": np.array(list(particles), np.int64), CLASS: np.array(names, object)})


def _is_whole(annotation: Entry) -> bool:
    """Whether an annotation states what is visible of a whole particle."""
    return isinstance(annotation.data.get("visible_segmentation"), dict)


def _visible(annotation: Entry) -> Entry:
    """Return the annotation of what is visible of a particle, where the file has one."""
    if not _is_whole(annotation):
        return annotation
    return replace(annotation, data={**annotation.data, "segmentation": annotation.data["visible_segmentation"]})


def _outlines(
    ids: npt.NDArray[np.int64], whole: Mapping[int, Ints], particles: Mapping[int, Entry]
) -> tuple[Outline, ...]:
    """Outlines of whole particles, from their pixels; one without pixels has none."""
    height, found = ids.shape[1], []
    for label, pixels in whole.items():
        if not pixels.size:
            continue
        columns, rows = np.divmod(pixels, height)
        mask = np.zeros((int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1), np.bool_)
        mask[rows - rows.min(), columns - columns.min()] = True
        stated, seen = particles[label].data.get("visible_fraction"), (ids.flat[pixels] == label).mean()
        known = isinstance(stated, (int, float)) and not isinstance(stated, bool) and 0 <= stated <= 1
        corner = int(rows.min()), int(columns.min())
        found.append(Outline(label, outline_of(mask, corner), stated if stated is not None and known else float(seen)))
    return tuple(found)


def _labels_of(particles: Sequence[Entry]) -> Sequence[int]:
    """Ids in the label image: those the file gives to all particles, else 1, 2, 3."""
    labels = [particle.data.get("label") for particle in particles]
    given = [label for label in labels if is_whole(label)]
    if len(set(given)) < len(particles):
        return range(1, len(particles) + 1)
    for label, particle in zip(given, particles, strict=True):
        if not 0 < label <= LARGEST_ID:
            raise particle.wrong(f"has the label {shown(label)}; labels go from 1 to {LARGEST_ID}.")
    return given


def _box(annotation: Entry) -> tuple[slice, slice]:
    """Columns and rows of the bounding box of an annotation; empty if it has none."""
    given = annotation.data.get("bbox")
    numbers = given if isinstance(given, list) and len(given) == 4 else [0, 0, 0, 0]
    if not all(isinstance(one, (int, float)) and 0 <= one <= LARGEST_PX for one in numbers):
        return slice(0), slice(0)
    left, top, width, height = numbers
    return slice(int(left), math.ceil(left + width)), slice(int(top), math.ceil(top + height))


def _left_out(refused: Sequence[UserError], count: int) -> tuple[str, ...]:
    """Sentence on the annotations that cannot be read."""
    if not refused:
        return ()
    more = f" And {len(refused) - SHOWN} more." if len(refused) > SHOWN else ""
    why = " ".join(error.message for error in refused[:SHOWN])
    return (f"{len(refused)} of {count} particles were left out, and their boxes count as not annotated. {why}{more}",)


def _vanished(ids: npt.NDArray[np.int64], whole: Mapping[int, Ints], particles: Mapping[int, Entry]) -> tuple[str, ...]:
    """Sentence on the particles of which no pixel is left in the labels."""
    left = set(np.unique(ids).tolist())
    gone = [(one, whole[label].size) for label, one in particles.items() if label not in left]
    if not gone:
        return ()
    why = [f"{one.name} {'is hidden by later ones' if size else 'covers no pixel'}" for one, size in gone]
    more = f", and {len(gone) - SHOWN} more" if len(gone) > SHOWN else ""
    return (f"{len(gone)} of {len(particles)} particles are not in the labels: {', '.join(why[:SHOWN])}{more}.",)


def _image_file(image: Entry, name: str) -> Path:
    parts = re.split(r"[/\\]", name)
    if "" in parts[:1] or ".." in parts or ":" in parts[0] or any(ord(letter) < 32 for letter in name):
        raise image.wrong(
            f"has the file_name {shown(name)}; it must be inside of the folder.",
            "Name it relative to the JSON file, or to images/.",
        )
    file, inner = image.file, Path(*parts)
    for place in (file.parent / "images", file.parent, file.parent.parent / "images", file.parent.parent):
        with suppress(OSError):  # a name that is too long
            if (place / inner).exists():
                return place / inner
    raise image.wrong(
        f"refers to the image {shown(name)}, which does not exist.", "Put it next to the JSON file or in images/."
    )
