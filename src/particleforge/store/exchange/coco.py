"""COCO instances: ``images/NAME.tif`` and ``instances.json`` (https://cocodataset.org/#format-data).

Masks are compressed run lengths with ``iscrowd`` 0, exact to the pixel. Two additions, which other readers
ignore or understand: each annotation keeps its id in the label image as ``label``, and unannotated parts are one region
with ``iscrowd`` 1, which COCO excludes from training and scores. There is one category, ``particle``.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.plain_data import read_json
from particleforge.sample import Sample
from particleforge.step import Progress, Step, stepwise
from particleforge.store.exchange.pairs import total_of
from particleforge.store.files import atomic_write, claim_name, new_folder, new_part
from particleforge.store.labels import as_labels
from particleforge.store.micrographs import read_micrograph, write_micrograph
from particleforge.store.rle import Ints, decode, instance_pixels, runs_of, to_text
from particleforge.store.unreadable import unreadable

FILE_NAME = "instances.json"


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
    new_folder(folder)
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    taken: set[str] = set()
    for done, sample in enumerate(samples, 1):
        name = f"{claim_name(sample.name, taken)}.tif"
        write_micrograph(new_part(folder, "images") / name, sample.micrograph)
        height, width = sample.micrograph.shape
        images.append({"id": done, "file_name": name, "height": height, "width": width})
        for annotation in _annotations(sample, done):
            annotations.append({"id": len(annotations) + 1, **annotation})
        yield Progress(done, total_of(samples, done), sample.name)
    content = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "particle"}]}
    with atomic_write(folder / FILE_NAME) as temporary:
        temporary.write_text(json.dumps(content), encoding="utf-8")
    return folder


def read(folder: Path) -> Iterator[Sample]:
    """Read COCO instances one by one, run lengths (text or list) and polygons.

    Ids are those of ``label`` if every annotation of an image has its own, otherwise 1, 2, 3 in the order of the file.
    If instances overlap, later ones cover earlier ones. ``iscrowd`` regions count as unknown. All categories count as
    particles.

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
    file = _json_file(folder)
    with unreadable(file):
        content = read_json(file)
        images = list(content["images"])
        by_image: dict[Any, list[dict[str, Any]]] = defaultdict(list)
        for annotation in content["annotations"]:
            by_image[annotation["image_id"]].append(annotation)
        stray = by_image.keys() - {image["id"] for image in images}
    if stray:
        raise UserError(f"{file}: annotations refer to the image {min(stray, key=str)!r}, which is not listed.")
    return (_read_sample(file, image, by_image[image["id"]]) for image in images)


def _annotations(sample: Sample, image_id: int) -> Iterator[dict[str, Any]]:
    for label, pixels in instance_pixels(sample.labels):
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
        "segmentation": {"size": [height, width], "counts": to_text(runs_of(pixels, height * width))},
    }


def _json_file(folder: Path) -> Path:
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


def _read_sample(file: Path, image: dict[str, Any], annotations: list[dict[str, Any]]) -> Sample:
    with unreadable(file):
        micrograph = read_micrograph(_image_file(file, str(image["file_name"])))
        if (image["height"], image["width"]) != micrograph.shape:
            raise UserError(
                f"{file}: {image['file_name']} is listed as {image['height']} x {image['width']} px, but is "
                f"{micrograph.shape[0]} x {micrograph.shape[1]} px.",
                "Use the images for which these annotations were made.",
            )
        return _sample(micrograph, annotations)


def _sample(micrograph: Micrograph, annotations: list[dict[str, Any]]) -> Sample:
    shape = micrograph.shape
    ids = np.zeros(shape[::-1], np.int64)
    crowd = np.zeros(shape[::-1], bool)
    particles = [annotation for annotation in annotations if not annotation.get("iscrowd")]
    given = {annotation.get("label") for annotation in particles}
    keep = len(given) == len(particles) and all(isinstance(label, int) and label > 0 for label in given)
    for number, annotation in enumerate(particles, 1):
        ids.flat[_pixels(annotation["segmentation"], shape)] = annotation["label"] if keep else number
    for annotation in annotations:
        if annotation.get("iscrowd"):
            crowd.flat[_pixels(annotation["segmentation"], shape)] = True
    known: npt.NDArray[np.bool_] | None = np.ascontiguousarray(~crowd.T) if crowd.any() else None
    return Sample(micrograph, as_labels(ids.T, micrograph.name), known)


def _image_file(file: Path, name: str) -> Path:
    for place in (file.parent / "images", file.parent, file.parent.parent / "images", file.parent.parent):
        if (place / name).exists():
            return place / name
    raise UserError(
        f"{file} refers to the image {name}, which does not exist.", "Put it next to the JSON file or in images/."
    )


def _pixels(segmentation: Any, shape: tuple[int, int]) -> Ints:
    """Positions, column by column, of the pixels of run lengths or of a list of polygons."""
    if isinstance(segmentation, dict):
        if tuple(segmentation["size"]) != shape:
            raise ValueError(f"a mask has size {segmentation['size']}, its image {shape}")
        return decode(segmentation["counts"], shape[0] * shape[1])
    from skimage.draw import polygon

    found = []
    for part in segmentation:
        x, y = (
            np.asarray(part, float).reshape(-1, 2).T - 0.5
        )  # COCO counts from the corner of a pixel, scikit-image from its centre
        rows, columns = polygon(y, x, shape)  # type: ignore[no-untyped-call]
        found.append(columns * shape[0] + rows)
    return np.concatenate([np.zeros(0, np.int64), *found])
