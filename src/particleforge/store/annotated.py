"""Folders of annotated micrographs.

``images/NAME.*``, ``labels/NAME.*`` (0 = not labelled) and, where only a part is annotated, ``background/NAME.*``
(strokes: surely no particle). An image without a background file is annotated everywhere. With ``verdicts/NAME.csv``
the labels are what a model found: those that the table confirms are particles, those it rejects are background, and all
else is not annotated (`particleforge.store.verdicts`). ``masks/`` may stand for ``labels/``, and selections of ImageJ
for label images (`particleforge.store.annotated_files`). ``scale/NAME.json`` gives an image another pixel size than its
file states.
"""

import math
import shutil
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np
import numpy.typing as npt

from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.pieces import largest_pieces
from particleforge.sample import Sample
from particleforge.store.annotated_files import AnnotatedFiles, annotated_files
from particleforge.store.dataset import Dataset
from particleforge.store.files import atomic_write, claim_name, disk_errors, new_folder, new_part
from particleforge.store.image_files import image_stem
from particleforge.store.instances import STRAY_SHARE, check_instances
from particleforge.store.labels import read_labels, write_labels
from particleforge.store.memory import free_bytes
from particleforge.store.micrographs import open_source, read_micrograph, write_micrograph
from particleforge.store.rois import Rois, is_roi_file, read_rois
from particleforge.store.selection import ALL, Selection
from particleforge.store.source import Source
from particleforge.store.verdicts import read_verdicts

MIN_SIDE_PX = 2
"""Smaller images are not useful for training."""
BYTES_PER_PX = 5
"""Memory for the labels of a sample and for where they are known."""


def read_annotated(folder: Path, selection: Selection = ALL) -> list[Sample]:
    """Read a folder of annotated micrographs, or the selected part of each, sorted by name; or a dataset.

    Of a particle in several pieces, only the largest counts.

    Returns
    -------
    list of Sample
        `known` is None for images without a background file, else True on labels and strokes. What a person should
        know of an annotation is among the remarks of its micrograph.

    Raises
    ------
    UserError
        If a folder or label image is missing or left over, shapes differ, strokes cover a particle, an image is empty,
        constant, tiny, a stack or not finite, or the whole folder contains no labelled particle.
    """
    given = _of_dataset(folder) if (folder / "zarr.json").is_file() else samples_in(folder, selection)
    return learnable(given, folder)


def learnable(given: Iterable[Sample], place: Path) -> list[Sample]:
    """Check samples and prepare them as `read_annotated` does.

    Raises
    ------
    UserError
        As `read_annotated`.
    """
    samples = [_in_one_piece(_learnable(sample)) for sample in given]
    if not any(sample.labels.any() for sample in samples):
        raise UserError(
            f"{place} contains no particles: all pixels of {len(samples)} label images are 0.",
            "Label at least one particle.",
        )
    return samples


def samples_in(folder: Path, selection: Selection = ALL, names: Collection[str] | None = None) -> Iterator[Sample]:
    """Read the samples of an annotated folder one by one, whether or not they are of use for training.

    Parameters
    ----------
    folder
        The folder.
    selection
        Which part of each image is read.
    names
        Names of the images to read; None: all.

    Raises
    ------
    UserError
        Immediately if a file is missing or left over; during the iteration if an annotation cannot be read.
    """
    chosen = [files for files in annotated_files(folder) if names is None or image_stem(files.image) in names]
    return chain.from_iterable(read_files(files, selection) for files in chosen)


def remarks_on(samples: Iterable[Sample]) -> list[str]:
    """List what a person should know of annotated images, with their names."""
    return [f"{sample.name}: {remark}" for sample in samples for remark in sample.micrograph.all_remarks]


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
    if (folder / "masks").is_dir():
        raise UserError(f"{folder} has masks/ in place of labels/.", "Rename it to labels/, or save to another folder.")
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


def _learnable(sample: Sample) -> Sample:
    check_learnable(sample.micrograph)
    return sample


def _of_dataset(path: Path) -> Dataset:
    """Open a dataset whose samples fit into memory.

    Raises
    ------
    UserError
        If it cannot be read, has no images or labels, or is too large.
    """
    dataset = Dataset.open(path)
    if not (dataset.schema.image and dataset.schema.labels):
        raise UserError(f"{path} has no images with labels.", "Use a dataset with both.")
    need = len(dataset) * math.prod(dataset.shape) * (dataset.dtype.itemsize + BYTES_PER_PX)
    if need > free_bytes():
        raise UserError(
            f"{path} has {len(dataset)} samples, which need {need / 2**30:.1f} GiB of memory as annotated images; "
            f"{free_bytes() / 2**30:.1f} GiB are free.",
            "Train on it with `train`, which reads datasets sample by sample.",
        )
    dataset.check()
    return dataset


def _in_one_piece(sample: Sample) -> Sample:
    """Leave each particle its largest piece: stray pixels are background, larger pieces count as not annotated."""
    found = largest_pieces(sample.labels)
    split = found.count > 1
    if not split.any():
        return sample
    parted = found.runs.ids[split & (found.share < 1 - STRAY_SHARE)]
    unknown = np.isin(sample.labels, parted) & (found.labels == 0)
    known = sample.known
    if unknown.any():
        known = ~unknown if known is None else known & ~unknown
    remark = f"{split.sum()} of {len(split)} particles are in several pieces; only the largest piece of each counts."
    return replace(_remarked(sample, remark), labels=found.labels, known=known)


def _remarked(sample: Sample, *remarks: str) -> Sample:
    micrograph = sample.micrograph
    return replace(sample, micrograph=replace(micrograph, remarks=micrograph.remarks + remarks)) if remarks else sample


def read_files(files: AnnotatedFiles, selection: Selection) -> Iterator[Sample]:
    """Read the samples of an image: one, or one for each plane of a stack that has selections.

    Raises
    ------
    UserError
        If its annotation cannot be read.
    """
    if files.labels is None:
        raise UserError(
            f"{files.image} has no label image {image_stem(files.image)}.tif or .png in labels/.",
            "Label its particles, add an all-zero label image if it really has none, or remove the image.",
        )
    if is_roi_file(files.labels):
        if files.verdicts is not None:
            raise UserError(f"{files.verdicts} needs a label image, not {files.labels}.", "Remove one of them.")
        yield from _with_rois(files, read_rois(files.labels), open_source(files.image, selection))
        return
    micrograph = read_micrograph(files.image, selection)
    if set(micrograph.axes) - set("YXC"):
        check_learnable(micrograph)  # says that it is a stack
    ids = _same_shape(read_labels(files.labels), files.labels, micrograph)
    doubts = check_instances(ids, str(files.labels))
    free = None
    if files.verdicts is not None:
        ids, free = read_verdicts(files.verdicts).apply(ids)
    yield _remarked(_with_strokes(micrograph, ids, files.strokes, free), *doubts)


def _with_rois(files: AnnotatedFiles, rois: Rois, source: Source) -> Iterator[Sample]:
    if not source.lengths:
        micrograph = source[0].read()
        labels, comments = rois.on_single_image().labels(micrograph.shape)
        yield _remarked(_with_strokes(micrograph, labels, files.strokes), *rois.remarks, *comments)
        return
    if files.strokes is not None:
        raise UserError(f"{files.strokes} cannot be used: {files.image} is a stack.", "Save its planes as images.")
    on_planes = [(plane, rois.on_stack().on_plane(plane.number, plane.index)) for plane in source]
    if lost := len(rois.areas) - sum(len(here.areas) for _, here in on_planes):
        raise UserError(
            f"{rois.path}: {lost} of {len(rois.areas)} selections lie on none of the {len(source)} planes of "
            f"{files.image.name}.",
            "Use the stack on which they were drawn.",
        )
    annotated = [(plane, here) for plane, here in on_planes if here.areas]
    left = f"{len(annotated)} of {len(source)} planes have selections; the others are left out."
    for number, (plane, here) in enumerate(annotated):
        micrograph = plane.read()
        labels, comments = here.labels(micrograph.shape)
        first = (left, *rois.remarks) if not number else ()
        yield _remarked(Sample(micrograph, labels), *first, *comments)


def _with_strokes(
    micrograph: Micrograph,
    ids: npt.NDArray[np.uint32],
    strokes: Path | None,
    rejected: npt.NDArray[np.bool_] | None = None,
) -> Sample:
    if strokes is None:
        return Sample(micrograph, ids, known=None if rejected is None else rejected | (ids > 0))
    free = _same_shape(read_labels(strokes), strokes, micrograph) > 0
    covered = ids[free & (ids > 0)]
    if covered.size:
        raise UserError(
            f"{strokes}: {covered.size} pixels of the background strokes lie on labelled particles; "
            f"the first is label {covered[0]}.",
            "Erase the strokes or the label there; strokes must not touch a particle.",
        )
    known = free | (ids > 0)
    return Sample(micrograph, ids, known=known if rejected is None else known | rejected)


def _same_shape(ids: npt.NDArray[np.uint32], path: Path, micrograph: Micrograph) -> npt.NDArray[np.uint32]:
    if ids.shape != micrograph.shape:
        raise UserError(
            f"{path} has shape {ids.shape}, but its image has {micrograph.shape}.",
            "Was one of them resized or cropped? Export both at full size.",
        )
    return ids
