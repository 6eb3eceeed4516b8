"""Labels of other programs next to the images of a project, which can become its particles; they are never changed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from particleforge.errors import UserError
from particleforge.plain_data import read_json
from particleforge.store.annotated_files import AnnotatedFiles, roi_owner
from particleforge.store.cellpose_files import ENDING, read_cellpose
from particleforge.store.image_files import image_stem, is_image
from particleforge.store.instances import check_instances
from particleforge.store.labels import as_labels, open_labels, read_labels
from particleforge.store.micrographs import open_source
from particleforge.store.particle_files import ImageParticles, Origin, particle_file, write_particles
from particleforge.store.project import PARTICLES, Project
from particleforge.store.project_images import SUMMARY, ProjectImage, label_owner
from particleforge.store.roi_labels import roi_source
from particleforge.store.rois import is_roi_file
from particleforge.store.teaching import save_teaching
from particleforge.store.verdicts import read_verdicts
from particleforge.store.whole_masks import read_whole, write_whole
from particleforge.wording import plural

FINDING = ("certainty", "expected_f1", "unlike_training", "detection_error", "blank", "working_scale")
"""What results hold of the detection in an image."""


@dataclass(frozen=True)
class Adopted:
    """What became of labels that were found.

    Parameters
    ----------
    counts
        Number of particles by image.
    failed
        Why labels cannot be used, by image.
    """

    counts: dict[str, int] = field(default_factory=dict)
    failed: dict[str, UserError] = field(default_factory=dict)


def found_labels(project: Project) -> dict[str, AnnotatedFiles]:
    """Find label images and selections of ImageJ that belong to images without particles, by the names of the images.

    They are in ``labels/`` or ``masks/`` in or next to the folder of the image, or next to the image, called
    ``NAME_labels``, ``NAME_masks``, ``NAME_cp_masks``, ``NAME_seg.npy`` and so on; selections of ImageJ are called
    ``NAME.zip``, ``NAME_RoiSet.zip`` or ``NAME.roi``. In a folder of results they are the particles that were measured.
    """
    places: dict[Path, _Place] = {}
    found = {}
    for image in project.images:
        if particle_file(project.folder / PARTICLES, image.name).is_file():
            continue
        path = project.path(image)
        for folder in dict.fromkeys((path.parent, project.folder)):
            place = places.setdefault(folder, _Place(folder))
            if files := place.of(path, image.name):
                found[image.name] = files
                break
    return found


def adopt_labels(project: Project, names: Sequence[str] | None = None) -> Adopted:
    """Take labels over as particles of which a person is sure; detectors may learn from them.

    Labels with background strokes or verdicts are known in part: those images can still be searched. Nobody is sure of
    what was measured in a folder of results.

    Parameters
    ----------
    project
        The project.
    names
        Names of images; None: of all that have labels.

    Raises
    ------
    DiskError
        If the disk is full or not writable.
    """
    adopted = Adopted()
    for name, files in found_labels(project).items():
        if names is not None and name not in names:
            continue
        try:
            adopted.counts[name] = _adopt(project, project[name], files)
        except UserError as error:
            adopted.failed[name] = error
    return adopted


def _adopt(project: Project, image: ProjectImage, files: AnnotatedFiles) -> int:
    plane = project.open(image.name)[0]
    shape = plane.read().shape
    labels, free = _read(project, image, files)
    if labels.shape != shape:
        raise UserError(
            f"{files.labels} has shape {labels.shape}, but its image has {shape}.",
            "Was one of them resized or cropped? Export both at full size.",
        )
    ids = frozenset(int(number) for number in np.unique(labels[labels > 0]))
    measured = _measured(project, image.name, len(ids))
    origin = measured or Origin(sure=ids, count=len(ids), complete=free is None)
    folder = project.folder / PARTICLES
    write_particles(folder, image.name, ImageParticles(labels, origin), plane.source.pixel_size_nm)
    if files.labels is not None:
        write_whole(particle_file(folder, image.name), labels, read_whole(files.labels).of(labels))
    if measured is None:
        save_teaching(project, image.name, labels, ids, free, complete=free is None)
    return len(ids)


def _measured(project: Project, name: str, count: int) -> Origin | None:
    """Where the particles of results are from; None if the folder holds no results of this image."""
    path = project.folder / SUMMARY
    if not path.is_file():
        return None
    try:
        summary = read_json(path)
        about, entry = summary["provenance"], summary["images"][name]
        model = about.get("model") or {}
        detector = {
            "name": Path(str(about["source"].get("model") or "labels")).name,
            "method": str(about.get("method", "")),
            "provenance": model if isinstance(model, dict) else {},
        }
        return Origin(finding={key: entry[key] for key in FINDING if key in entry}, detector=detector, count=count)
    except (UserError, KeyError, TypeError, AttributeError):
        return None


def _read(
    project: Project, image: ProjectImage, files: AnnotatedFiles
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.bool_] | None]:
    """Labels, and where there surely is no particle; None if all else is background."""
    path = files.labels or Path()
    if path.name.endswith(ENDING):
        return read_cellpose(path), None
    if is_roi_file(path):
        source = roi_source(path, open_source(project.path(image), image.replace(page=None)))
    else:
        source = open_labels(path)
    number = 0 if image.page is None or image_stem(path) == image.name else image.page - 1
    if number >= len(source) or (image.page is None and len(source) > 1):
        raise UserError(
            f"{path} has {plural(len(source), 'plane')}, which do not fit {image.name}.", "Export labels of each plane."
        )
    labels = as_labels(source[number].read().pixels, str(path))
    if not is_roi_file(path):
        check_instances(labels, str(path))
    free = None if files.strokes is None else read_labels(files.strokes) > 0
    if files.verdicts is not None:
        labels, rejected = read_verdicts(files.verdicts).apply(labels)
        free = rejected if free is None else free | rejected
    return labels, free


class _Place:
    """Labels in and around a folder of images, by the name of their image."""

    def __init__(self, folder: Path) -> None:
        around = folder.parent if folder.name == "images" else folder
        self._strokes = _by_stem(_inside(around / "background"))
        self._verdicts = {path.stem: path for path in _inside(around / "verdicts") if path.suffix == ".csv"}
        self._labels: dict[str, Path] = {}
        for part in ("labels", "masks"):
            for inner in dict.fromkeys((folder / part, around / part)):
                self._labels = _by_stem(_inside(inner)) | self._labels
        near = _by_stem(_inside(folder))
        self._near = {owner: path for stem, path in near.items() if (owner := label_owner(stem, near))}
        places = [folder, *(place / part for place in (folder, around) for part in ("labels", "masks"))]
        self._rois = [path for place in dict.fromkeys(places) for path in _inside(place) if is_roi_file(path)]
        self._images = list(near)
        self._cellpose = {
            path.name.removesuffix(ENDING): path for path in _inside(folder) if path.name.endswith(ENDING)
        }

    def of(self, image: Path, name: str) -> AnnotatedFiles | None:
        """Files of an image; None if it has no labels."""
        stem = image_stem(image)
        rois: Mapping[str | None, Path] = {roi_owner(path, self._images): path for path in self._rois}
        several = (found.get(one) for found in (self._labels, self._near, rois, self._cellpose) for one in (name, stem))
        labels = next((path for path in several if path is not None and path != image), None)
        if labels is None:
            return None
        return AnnotatedFiles(image, labels, self._strokes.get(stem), self._verdicts.get(stem))


def _inside(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.name[0] != ".") if folder.is_dir() else []


def _by_stem(paths: Iterable[Path]) -> dict[str, Path]:
    return {image_stem(path): path for path in paths if is_image(path)}
