"""What the images of a project teach: their sure particles, laid out as an annotated folder in ``annotations/``."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.sample import Sample
from particleforge.store.annotated import learnable, samples_in, save_annotation
from particleforge.store.files import disk_errors, sha256
from particleforge.store.image_files import image_stem
from particleforge.store.labels import as_labels, read_labels
from particleforge.store.micrographs import open_source, read_micrograph
from particleforge.store.originals import files_of
from particleforge.store.pixel_sizes import PART as SCALE
from particleforge.store.pixel_sizes import save_pixel_size_nm
from particleforge.store.project import ANNOTATIONS, IMAGES, Project
from particleforge.store.project_images import ProjectImage
from particleforge.store.selection import Selection

LABELS, STROKES = "labels", "background"


@dataclass(frozen=True)
class Lesson:
    """What an image teaches.

    Parameters
    ----------
    particles
        Number of sure particles.
    complete
        Whether they are all there are in the image; else only its strokes are surely background.
    """

    particles: int
    complete: bool


def save_teaching(
    project: Project,
    name: str,
    labels: npt.NDArray[np.integer],
    sure: frozenset[int],
    strokes: npt.NDArray[np.bool_] | None = None,
    complete: bool = False,
    rejected: npt.NDArray[np.bool_] | None = None,
) -> None:
    """Write what an image teaches, or remove it if nothing in it is sure.

    Parameters
    ----------
    project
        The project.
    name
        Name of the image.
    labels
        (Y, X) ids of its particles, 0 = background.
    sure
        Ids of those that a person has confirmed, drawn or corrected.
    strokes
        (Y, X) where there surely is no particle; None: nowhere.
    complete
        Whether every particle of the image is sure, so that all else is background.
    rejected
        (Y, X) where a person has removed what a detector had found, which also is background; None: nowhere.

    Raises
    ------
    UserError
        If the image cannot be read, shapes differ, or the disk is full or not writable.
    """
    folder, checked = project.folder / ANNOTATIONS, as_labels(labels, name)
    taught = np.where(np.isin(checked, list(sure)), checked, 0).astype(np.uint32)
    free = np.zeros(checked.shape, bool)
    for part in (strokes, rejected):
        free |= _fitting(part, checked.shape, name) if part is not None else False
    free &= taught == 0
    if not (taught.any() or free.any() or complete):
        forget_teaching(project, name)
        return
    image, source = project[name], project.open(name)
    micrograph = source[0].read()
    file = source.path if _is_whole(image) else None
    _remove_other(folder, micrograph, file)
    known = None if complete else free | (taught > 0)
    save_annotation(folder, Sample(micrograph, taught, known=known), file)
    save_pixel_size_nm(folder, name, None)
    stated = open_source(files_of(folder, IMAGES, name)[0]).pixel_size_nm
    if source.pixel_size_nm != stated:
        save_pixel_size_nm(folder, name, source.pixel_size_nm)


def forget_teaching(project: Project, name: str) -> None:
    """Remove what an image teaches; the image itself and its particles stay.

    Raises
    ------
    UserError
        If the folder is not writable.
    """
    folder = project.folder / ANNOTATIONS
    with disk_errors(folder):
        for part in (LABELS, STROKES, IMAGES):
            for path in files_of(folder, part, name):
                path.unlink()
        (folder / SCALE / f"{name}.json").unlink(missing_ok=True)


def read_strokes(project: Project, name: str) -> npt.NDArray[np.bool_] | None:
    """Read (Y, X) where there surely is no particle in an image; None if nothing is known.

    Raises
    ------
    UserError
        If the file cannot be read.
    """
    found = files_of(project.folder / ANNOTATIONS, STROKES, name)
    return read_labels(found[0]) > 0 if found else None


def teaching_images(project: Project) -> dict[str, Lesson]:
    """Count what each image teaches, by name; only images that are to teach, and have sure particles or strokes.

    Raises
    ------
    UserError
        If an annotation cannot be read.
    """
    folder = project.folder / ANNOTATIONS
    labels = _by_stem(folder / LABELS)
    partial = _by_stem(folder / STROKES)
    return {
        image.name: Lesson(_count(labels[image.name]), image.name not in partial)
        for image in project.images
        if image.teaches and image.name in labels
    }


def read_teaching(project: Project) -> list[Sample]:
    """Read the images that teach, with their scale as it is now in the project; checked as `read_annotated` does.

    Raises
    ------
    UserError
        If none teaches, or an annotation cannot be read or used.
    """
    names = teaching_images(project)
    if not names:
        raise UserError(
            f"No image of {project.folder} teaches yet.", "Confirm or draw some particles, and tick their images."
        )
    folder = project.folder / ANNOTATIONS
    return learnable((_scaled(project, sample) for sample in samples_in(folder, names=names)), folder)


def _scaled(project: Project, sample: Sample) -> Sample:
    """Give a sample the scale that its image has now; the saved one if the image is missing."""
    try:
        size = project.open(sample.name).pixel_size_nm
    except UserError:
        return sample
    if size == sample.micrograph.pixel_size_nm:
        return sample
    return replace(sample, micrograph=sample.micrograph.with_pixel_size(size))


def _is_whole(image: ProjectImage) -> bool:
    """Whether an image is all that its file holds."""
    return all(getattr(image, part) is None for part in Selection.model_fields)


def _fitting(part: npt.NDArray[np.bool_], shape: tuple[int, ...], name: str) -> npt.NDArray[np.bool_]:
    if part.shape != shape:
        raise UserError(f"{name}: the background has shape {part.shape}, but the labels have {shape}.")
    return np.asarray(part, bool)


def _remove_other(folder: Path, micrograph: Micrograph, file: Path | None) -> None:
    """Remove the copy of an image that has changed since."""
    for copy in files_of(folder, IMAGES, micrograph.name):
        equal = file is not None and copy.name == file.name and sha256(copy) == sha256(file)
        if not equal and not np.array_equal(read_micrograph(copy).pixels, np.asarray(micrograph.pixels)):
            copy.unlink()


def _by_stem(folder: Path) -> dict[str, Path]:
    inside = folder.iterdir() if folder.is_dir() else ()
    return {image_stem(path): path for path in inside if path.name[0] != "."}


def _count(path: Path) -> int:
    """Count the particles of a label image."""
    ids = read_labels(path)
    return len(np.unique(ids[ids > 0]))
