"""Folders of annotated micrographs.

``images/NAME.*``, ``labels/NAME.*`` (0 = not labelled) and, where only a part is annotated, ``background/NAME.*``
(strokes: surely no particle). An image without a background file is annotated everywhere. ``scale/NAME.json`` gives an
image another pixel size than its file states.
"""

import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.sample import Sample
from particleforge.store.files import atomic_write, claim_name, disk_errors, new_folder, new_part
from particleforge.store.image_files import image_paths, image_stem
from particleforge.store.instances import check_instances
from particleforge.store.labels import read_labels, write_labels
from particleforge.store.micrographs import read_micrograph, write_micrograph
from particleforge.store.selection import ALL, Selection

MIN_SIDE_PX = 2
"""Smaller images are not useful for training."""


def read_annotated(folder: Path, selection: Selection = ALL) -> list[Sample]:
    """Read a folder of annotated micrographs, or the selected part of each, sorted by name.

    Returns
    -------
    list of Sample
        `known` is None for images without a background file, else True on labels and strokes.

    Raises
    ------
    UserError
        If a folder or label image is missing or left over, shapes differ, strokes cover a particle, an image is empty,
        constant, tiny, a stack or not finite, or the whole folder contains no labelled particle.
    """
    for part in ("images", "labels"):
        if not (folder / part).is_dir():
            raise UserError(
                f"{folder} has no folder {part}/.",
                "It needs images/NAME.tif and labels/NAME.tif, and background/NAME.tif for partly annotated images.",
            )
    images = {image_stem(path): path for path in image_paths(folder / "images")}
    labels = _matched(folder / "labels", images)
    strokes = _matched(folder / "background", images)
    samples = [_read_sample(path, labels.get(stem), strokes.get(stem), selection) for stem, path in images.items()]
    if not any(sample.labels.any() for sample in samples):
        raise UserError(
            f"{folder}/labels contains no particles: all pixels of {len(samples)} label images are 0.",
            "Label at least one particle.",
        )
    return samples


def as_samples(given: Path | str | Sequence[Sample], selection: Selection = ALL) -> Sequence[Sample]:
    """Return the samples of an annotated folder, or samples as they are.

    Raises
    ------
    UserError
        As `read_annotated`.
    """
    return read_annotated(Path(given), selection) if isinstance(given, (str, Path)) else given


def write_annotated(folder: Path, samples: Iterable[Sample]) -> None:
    """Write samples as a new folder that `read_annotated` reads; images and labels become TIFF.

    Truth tables and recipes cannot be stored in such a folder and are left out.

    Raises
    ------
    UserError
        If `folder` exists, two samples have the same name, or the disk is full.
    """
    new_folder(folder)
    taken: set[str] = set()
    for sample in samples:
        name = f"{claim_name(sample.name, taken)}.tif"
        write_micrograph(new_part(folder, "images") / name, sample.micrograph)
        write_labels(new_part(folder, "labels") / name, sample.labels)
        if sample.known is not None:
            write_labels(new_part(folder, "background") / name, sample.background)


def save_annotation(folder: Path, sample: Sample, image: Path | None = None) -> None:
    """Write the annotation of one image to a folder that `read_annotated` reads, replacing what was saved before.

    The image is copied to ``images/`` unless it exists there, byte for byte if its file is known; existing images are
    never changed. Labels and strokes become ``labels/NAME.tif`` and ``background/NAME.tif``, each written completely or
    not at all; if every particle is annotated, earlier strokes of the image are removed.

    Parameters
    ----------
    folder
        Created if it does not exist.
    sample
        The image and its annotation; `known` is None if every particle is annotated.
    image
        File the image was read from, if any.

    Raises
    ------
    UserError
        If the name cannot be a file name, the image in the folder has another shape, labels in another format are in
        the way, or the disk is full or not writable.
    """
    name = claim_name(sample.name, set())
    parts = {part: new_part(folder, part) for part in ("images", "labels")}
    _keep_image(parts["images"], name, sample.micrograph, image)
    strokes = folder / "background" / f"{name}.tif"
    for path in (parts["labels"] / f"{name}.tif", strokes):
        _refuse_other_formats(path)
    write_labels(parts["labels"] / f"{name}.tif", sample.labels)
    if sample.known is None:
        with disk_errors(strokes):
            strokes.unlink(missing_ok=True)
    else:
        new_part(folder, "background")
        write_labels(strokes, sample.background)


def _keep_image(images: Path, name: str, micrograph: Micrograph, file: Path | None) -> None:
    """Put an image into a folder unless one with its name exists."""
    there = [path for path in images.iterdir() if not path.name.startswith(".") and image_stem(path) == name]
    if there:
        shape = read_micrograph(there[0]).shape
        if shape != micrograph.shape:
            raise UserError(
                f"{there[0]} has shape {shape}, but the annotated image has {micrograph.shape}.",
                "It is a different image with the same name: rename the new one.",
            )
    elif file is not None and file.is_file() and image_stem(file) == name:
        with atomic_write(images / file.name) as temporary:
            shutil.copyfile(file, temporary)
    else:
        write_micrograph(images / f"{name}.tif", micrograph)


def _refuse_other_formats(path: Path) -> None:
    """Refuse to write next to a file with the same name and another suffix: only one of them could be read."""
    if not path.parent.is_dir():
        return
    for other in path.parent.iterdir():
        if other != path and not other.name.startswith(".") and image_stem(other) == image_stem(path):
            raise UserError(
                f"{other} is in the way: {path.name} would have the same name, and files are never overwritten.",
                f"Move {other.name} out of the folder, or save to another folder.",
            )


def check_learnable(micrograph: Micrograph) -> None:
    """Check that an image is suitable for training.

    Raises
    ------
    UserError
        If it is a stack, empty, not finite, smaller than `MIN_SIDE_PX`, or constant.
    """
    grey = micrograph.grey
    if min(grey.shape) < MIN_SIDE_PX:
        raise UserError(
            f"{micrograph.name} is {grey.shape[0]} x {grey.shape[1]} px; the minimum is {MIN_SIDE_PX} px per side.",
            "Remove the image or choose a larger one.",
        )
    if grey.min() == grey.max():
        raise UserError(
            f"{micrograph.name}: all {grey.size} pixels are {grey.flat[0]:g}; it is of no use for training.",
            "Remove the image, or export it again if it should not be uniform.",
        )


def _matched(folder: Path, images: dict[str, Path]) -> dict[str, Path]:
    """Files of a folder by name; each must belong to an image."""
    if not folder.is_dir() or (folder.name == "background" and not any(folder.iterdir())):
        return {}
    found = {image_stem(path): path for path in image_paths(folder)}
    for stem, path in found.items():
        if stem not in images:
            raise UserError(
                f"{path} has no matching image: images/ contains no {stem}.*.", "Add the image or remove this file."
            )
    return found


def _read_sample(image: Path, labels: Path | None, strokes: Path | None, selection: Selection) -> Sample:
    micrograph = read_micrograph(image, selection)
    check_learnable(micrograph)
    if labels is None:
        raise UserError(
            f"{image} has no label image {micrograph.name}.tif or .png in labels/.",
            "Label its particles, add an all-zero label image if it really has none, or remove the image.",
        )
    ids = _same_shape(read_labels(labels), labels, micrograph)
    check_instances(ids, str(labels))
    if strokes is None:
        return Sample(micrograph, ids)
    free = _same_shape(read_labels(strokes), strokes, micrograph) > 0
    covered = ids[free & (ids > 0)]
    if covered.size:
        raise UserError(
            f"{strokes}: {covered.size} pixels of the background strokes lie on labelled particles; "
            f"the first is label {covered[0]}.",
            "Erase the strokes or the label there; strokes must not touch a particle.",
        )
    return Sample(micrograph, ids, known=free | (ids > 0))


def _same_shape(ids: npt.NDArray[np.uint32], path: Path, micrograph: Micrograph) -> npt.NDArray[np.uint32]:
    if ids.shape != micrograph.shape:
        raise UserError(
            f"{path} has shape {ids.shape}, but its image has {micrograph.shape}.",
            "Was one of them resized or cropped? Export both at full size.",
        )
    return ids
