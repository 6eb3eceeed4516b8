"""Masks of whole particles next to a label image, ``NAME.coco.json`` next to ``NAME.tif``, as COCO run lengths.

Labels give each pixel to one particle; here masks overlap. Any program for COCO files reads them. Of each particle the
checksum of its visible pixels is kept: where the labels of a particle have changed since, its mask no longer counts.
"""

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from particleforge.mask import Mask, WholeMasks
from particleforge.plain_data import read_json
from particleforge.store.files import atomic_write, disk_errors
from particleforge.store.rle import decode, instance_pixels, runs_of, to_text
from particleforge.store.unreadable import unreadable

SUFFIX = ".coco.json"
AGAIN = "Find the particles of this image again, or delete this file: only what is visible is measured then."
_HIDDEN = 0
"""Checksum of a particle of which nothing is visible."""


@dataclass(frozen=True, eq=False)
class SavedMasks:
    """Masks of whole particles, and what was visible of each when they were found.

    Parameters
    ----------
    masks
        Mask by id.
    visible
        Checksum of the visible pixels by id.
    """

    masks: WholeMasks = field(default_factory=dict)
    visible: Mapping[int, int] = field(default_factory=dict)

    def of(self, labels: npt.NDArray[np.integer]) -> WholeMasks:
        """Masks that hold for labels: of particles that nobody has changed or removed."""
        if not self.masks:
            return {}
        now = _visible(labels)
        return {number: one for number, one in self.masks.items() if now.get(number, _HIDDEN) == self.visible[number]}


def whole_file(path: Path) -> Path:
    """File of the whole masks of a label image."""
    return path.with_name(path.stem + SUFFIX)


def write_whole(path: Path, labels: npt.NDArray[np.integer], masks: WholeMasks) -> None:
    """Write the masks of whole particles next to a label image; without any, a file of earlier ones is removed.

    Parameters
    ----------
    path
        The label image.
    labels
        (Y, X) ids in it.
    masks
        Mask by id, inside the image.

    Raises
    ------
    UserError
        If the disk is full or not writable.
    """
    file = whole_file(path)
    if not masks:
        with disk_errors(file):
            file.unlink(missing_ok=True)
        return
    height, width = labels.shape
    visible = _visible(labels)
    annotations = [
        {
            "id": number,
            "image_id": 1,
            "category_id": 1,
            "iscrowd": 0,
            "area": mask.area_px2,
            "bbox": [mask.left, mask.top, mask.pixels.shape[1], mask.pixels.shape[0]],
            "segmentation": segmentation_of(mask, (height, width)),
            "visible_crc32": visible.get(number, _HIDDEN),
        }
        for number, mask in masks.items()
        if mask.pixels.any()
    ]
    image = {"id": 1, "file_name": path.name, "height": height, "width": width}
    content = {"images": [image], "annotations": annotations, "categories": [{"id": 1, "name": "particle"}]}
    with atomic_write(file) as temporary:
        temporary.write_text(json.dumps(content, separators=(",", ":")), encoding="utf-8")


def read_whole(path: Path) -> SavedMasks:
    """Read the masks of whole particles of a label image; none if there is no such file.

    Raises
    ------
    UserError
        If the file cannot be read.
    """
    file = whole_file(path)
    if not file.is_file():
        return SavedMasks()
    with unreadable(file, AGAIN):
        annotations = read_json(file)["annotations"]
        masks = {int(one["id"]): _mask(one["segmentation"]) for one in annotations}
        return SavedMasks(masks, {int(one["id"]): int(one["visible_crc32"]) for one in annotations})


def segmentation_of(mask: Mask, shape: tuple[int, int]) -> dict[str, Any]:
    """Run lengths of a mask in a (Y, X) image, as COCO stores them."""
    columns, rows = np.nonzero(mask.pixels.T)
    positions = np.asarray((columns + mask.left) * shape[0] + rows + mask.top, np.int64)
    return {"size": list(shape), "counts": to_text(runs_of(positions, shape[0] * shape[1]))}


def _visible(labels: npt.NDArray[np.integer]) -> dict[int, int]:
    """Checksum of the pixels of each particle."""
    return {number: zlib.crc32(pixels.astype("<i8").tobytes()) for number, pixels in instance_pixels(labels)}


def _mask(segmentation: Mapping[str, Any]) -> Mask:
    height, width = segmentation["size"]
    columns, rows = np.divmod(decode(segmentation["counts"], height * width), height)
    top, left = int(rows.min()), int(columns.min())
    pixels = np.zeros((int(rows.max()) - top + 1, int(columns.max()) - left + 1), np.bool_)
    pixels[rows - top, columns - left] = True
    return Mask(top, left, pixels)
