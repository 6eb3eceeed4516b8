"""Truth and results in COCO's format, exactly as they are: masks that overlap, classes, regions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.plain_data import read_json
from particleforge.quality.instances import Instances
from particleforge.store.exchange._coco_entries import Entry, is_whole, shown
from particleforge.store.exchange._coco_masks import mask_of
from particleforge.store.exchange.coco import categories_in, entries_in, read_image

Key = int | str
"""Id of an image."""


@dataclass(frozen=True, eq=False)
class CocoImage:
    """An image of a COCO file that can be read.

    Parameters
    ----------
    key
        Its id.
    name
        Name of its file without suffix.
    categories
        Names of the categories by their ids; empty if there is only one, which distinguishes nothing.
    """

    key: Key
    name: str
    categories: Mapping[Key, str]
    _image: Entry
    _annotations: Sequence[Entry]

    def read(self) -> tuple[Micrograph, Instances]:
        """Read image and particles; ``iscrowd`` annotations are regions.

        Raises
        ------
        UserError
            If the image or a mask cannot be read.
        """
        micrograph = read_image(self._image)
        particles = _instances(self._annotations, micrograph.shape, self.categories)
        regions = np.array([one.is_crowd for one in self._annotations], np.bool_)
        return micrograph, Instances(particles.shape, particles.runs, None, particles.classes, regions)


def coco_images(place: Path) -> list[CocoImage]:
    """List the images of a COCO file, or of a folder with one; nothing but the file is read.

    Raises
    ------
    UserError
        If the file is missing or broken.
    """
    images, annotations = entries_in(place)
    categories = categories_in(place)
    return [
        CocoImage(one.key("id"), Path(one.text("file_name")).stem, categories, one, annotations[one.key("id")])
        for one in images
    ]


def is_coco_results(path: Path) -> bool:
    """Whether a file looks like a list of COCO results; nothing is checked."""
    if path.suffix.lower() != ".json" or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(200).lstrip()[:1] == b"["


class CocoResults:
    """Results in COCO's format: a list of image_id, category_id, segmentation and score.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    UserError
        If it cannot be read, or is not such a list.
    """

    def __init__(self, path: Path) -> None:
        data = read_json(path)
        if not isinstance(data, list) or not all(isinstance(one, dict) for one in data):
            raise UserError(f"{path} is not a list of COCO results.", "Each has image_id, segmentation and score.")
        self._by_image: dict[Key, list[Entry]] = {}
        for number, one in enumerate(data, 1):
            entry = Entry(path, "result", number, one)
            self._by_image.setdefault(entry.key("image_id"), []).append(entry)

    def of(self, key: Key, shape: tuple[int, int], categories: Mapping[Key, str]) -> Instances:
        """Read what was found in an image.

        Raises
        ------
        UserError
            If a mask, score or category cannot be read.
        """
        entries = self._by_image.get(key, [])
        found = _instances(entries, shape, categories)
        return Instances(found.shape, found.runs, np.array([_score(one) for one in entries], float), found.classes)


def _instances(entries: Sequence[Entry], shape: tuple[int, int], categories: Mapping[Key, str]) -> Instances:
    masks = [mask_of(one, shape) for one in entries]
    found = Instances.of_pixels([(mask % shape[0], mask // shape[0]) for mask in masks], shape)
    classes = tuple(_class(one, categories) for one in entries) if categories else None
    return Instances(found.shape, found.runs, classes=classes)


def _class(entry: Entry, categories: Mapping[Key, str]) -> str:
    category = entry.data.get("category_id")
    if not is_whole(category) or category not in categories:
        raise entry.wrong(f"has the category_id {shown(category)}, which is not listed.", "List it under categories.")
    return categories[category]


def _score(entry: Entry) -> float:
    score: Any = entry.data.get("score")
    if not (is_whole(score) or isinstance(score, float)):
        raise entry.wrong(f"has the score {shown(score)}; a number is needed.")
    return float(score)
