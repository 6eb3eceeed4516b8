"""What is judged: detectors, and what others have found."""

from __future__ import annotations

import hashlib
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from particleforge.errors import UserError
from particleforge.mask import WholeLabels
from particleforge.measurement.results_folder import ResultsFolder
from particleforge.measurement.summary_file import SUMMARY
from particleforge.models.kind import bundled
from particleforge.models.opening import find_model, recognised
from particleforge.quality.coco import CocoResults, is_coco_results
from particleforge.quality.found_file import Found, read_found, write_found
from particleforge.quality.instances import Instances
from particleforge.store.files import new_part
from particleforge.store.fingerprints import of_file
from particleforge.store.image_files import image_paths, image_stem, is_image
from particleforge.store.labels import read_labels
from particleforge.store.whole_masks import read_whole
from particleforge.workflows._cases import Truth
from particleforge.workflows._finder import Finder, detected

if TYPE_CHECKING:
    from particleforge.models.detections import Detections
    from particleforge.workflows.evaluate import EvaluateParams

STATED = ("certainty", "expected_f1", "unlike_training")
"""Entries of results that say how sure a detector is of an image."""


class Candidate(ABC):
    """Something that finds particles in images, or has found them.

    Parameters
    ----------
    name
        Its name, unique among all.
    """

    name: str

    @abstractmethod
    def find(self, dataset: str, truth: Truth) -> Found:
        """Find the particles of an image of a dataset.

        Raises
        ------
        UserError
            If there are none for this image, or it cannot be used.
        """


class DetectorCandidate(Candidate):
    """A detector; what it finds is kept in files, so that an interrupted run continues.

    Parameters
    ----------
    name
        Its name.
    given
        Name or folder of the detector.
    params
        How particles are found.
    kept
        Folder of the files.
    """

    def __init__(self, name: str, given: str | Path, params: EvaluateParams, kept: Path) -> None:
        self.name, self.given, self._params, self._kept = name, given, params, kept

    def find(self, dataset: str, truth: Truth) -> Found:
        """Particles found in an image, now or in an earlier run."""
        path = new_part(self._kept, dataset) / f"{truth.name}.json"
        key = f"{self._fingerprint}, {_fingerprint(truth)}, {'whole' if truth.whole else 'visible'}"
        known = read_found(path, key)
        if known is not None:
            return known
        began = time.perf_counter()
        micrograph, found = self._finder.find(truth.micrograph)
        seconds = time.perf_counter() - began
        result = Found(_particles(found, truth.whole), detected(micrograph, found), seconds)
        write_found(path, result, key)
        return result

    @cached_property
    def _finder(self) -> Finder:
        options = self._params.options_of(self.given)
        return Finder(self.given, options, self._params.pixel_size_nm, self._params.burnt_in == "keep")

    @cached_property
    def _fingerprint(self) -> str:
        """Text that differs if the detector, its use or this package does."""
        _, folder = find_model(self.given, "detector")
        files = "bundled" if folder is None else of_file(folder)
        used = self._params.options_of(self.given), self._params.pixel_size_nm, self._params.burnt_in
        return f"{self.given} {files} {used} {version('napari-particleforge')}"


class LabelsCandidate(Candidate):
    """Label images called like the images, with scores if they are results of `measure`.

    Parameters
    ----------
    name
        Its name.
    folder
        Folder of label images, or of results.
    """

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self._results = ResultsFolder.open(folder) if (folder / SUMMARY).is_file() else None
        place = folder if self._results is None else folder / "labels"
        self._files = {image_stem(path): path for path in image_paths(place)}

    def find(self, dataset: str, truth: Truth) -> Found:
        """Particles in the label image called like the image."""
        if truth.name not in self._files:
            raise UserError(f"{self.name} has no label image called {truth.name}.", "Results are found by their names.")
        path = self._files[truth.name]
        labels = read_labels(path)
        if labels.shape != truth.micrograph.shape:
            raise UserError(
                f"{path} has shape {labels.shape}, but the image has {truth.micrograph.shape}.",
                "The shapes must be equal; was one of them resized or cropped?",
            )
        entry = {} if self._results is None else self._results.images.get(truth.name, {})
        known = {str(name): entry[name] for name in STATED if name in entry}
        masks = read_whole(path).of(labels) if truth.whole else {}
        return Found(Instances.of_whole(WholeLabels(labels, masks), self._scores.get(truth.name)), known)

    @cached_property
    def _scores(self) -> Mapping[str, Mapping[int, float]]:
        """Score by label for each image whose particles all have one."""
        table = None if self._results is None else self._results.table()
        if table is None or "score" not in table:
            return {}
        return {
            str(image): dict(zip(own["label"].astype(int), own["score"].astype(float), strict=True))
            for image, own in table.groupby("image")
            if not own["score"].isna().any()
        }


class CocoCandidate(Candidate):
    """Results in a file in COCO's format.

    Parameters
    ----------
    name
        Its name.
    path
        The file.
    """

    def __init__(self, name: str, path: Path) -> None:
        self.name, self._results = name, CocoResults(path)

    def find(self, dataset: str, truth: Truth) -> Found:
        """Particles of the results for the id of the image."""
        image = truth.coco
        if image is None:
            raise UserError(f"{dataset} is not a COCO file, so results cannot be found by ids of its images.")
        return Found(self._results.of(image.key, truth.micrograph.shape, image.categories))


def candidates(models: Sequence[Path | str], params: EvaluateParams, out: Path) -> list[Candidate]:
    """Recognise what is to be judged.

    Parameters
    ----------
    models
        Names and folders of detectors, folders of results or of label images, COCO results.
    params
        How particles are found.
    out
        Folder in which is kept what detectors find.

    Raises
    ------
    UserError
        If one of them is none of these.
    """
    return [_candidate(name, given, params, out) for name, given in named(models).items()]


def named(given: Sequence[Path | str]) -> dict[str, Path | str]:
    """Give each a short name that no other has: that of its folder, or with those above it."""
    found: dict[str, Path | str] = {}
    for one in given:
        parts = Path(one).parts
        names = ["-".join(parts[-count:]).replace(":", "") for count in range(1, len(parts) + 1)]
        free = [name for name in names if name not in found]
        if not free:
            raise UserError(f"{one} is given twice.", "Give each only once.")
        found[free[0].strip("/\\") or "root"] = one
    return found


def _candidate(name: str, given: Path | str, params: EvaluateParams, out: Path) -> Candidate:
    path = Path(given)
    if is_coco_results(path):
        return CocoCandidate(name, path)
    if str(given) not in bundled() and path.is_dir() and recognised(path) is None:
        if (path / SUMMARY).is_file() or any(map(is_image, path.iterdir())):
            return LabelsCandidate(name, path)
    find_model(given, "detector")
    return DetectorCandidate(name, given, params, out / name)


def _particles(found: Detections, whole: bool) -> Instances:
    """Particles by their own outlines if whole ones are wanted, else as they are in the labels.

    Those that others cover completely are not in the labels.
    """
    scores = np.asarray(found.scores, float)
    if whole and found.outlines is not None:
        masks = [found.outlines.mask(index, found.shape) for index in range(len(found))]
        return replace(Instances.of_masks(masks, found.shape), scores=scores, classes=found.classes)
    particles = Instances.of_labels(found.labels)
    index = particles.runs.ids - 1
    classes = None if found.classes is None else tuple(found.classes[one] for one in index)
    return replace(particles, scores=scores[index], classes=classes)


def _fingerprint(truth: Truth) -> str:
    micrograph = truth.micrograph
    pixels = np.ascontiguousarray(micrograph.pixels)
    about = f"{pixels.shape} {pixels.dtype.str} {micrograph.axes} {micrograph.pixel_size_nm}"
    return hashlib.sha256(about.encode() + pixels.tobytes()).hexdigest()
