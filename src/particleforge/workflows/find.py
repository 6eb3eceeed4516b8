"""Find the particles in the images of a project."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt
from pydantic import Field

from particleforge.compute import Workers
from particleforge.errors import Cancelled, UserError, none_done
from particleforge.mask import WholeMasks
from particleforge.measurement.certainty import certainty_words
from particleforge.step import Progress, Step
from particleforge.store.files import LOCK, DiskError
from particleforge.store.found_labels import adopt_labels, found_labels
from particleforge.store.memory import check_memory
from particleforge.store.particle_files import (
    ImageParticles,
    Origin,
    particle_file,
    read_origin,
    read_particles,
    write_particles,
)
from particleforge.store.project import PARTICLES, Project
from particleforge.store.run_folder import alone
from particleforge.store.source import Plane
from particleforge.store.teaching import read_strokes
from particleforge.store.whole_masks import read_whole, write_whole
from particleforge.verb import verb
from particleforge.wording import named, plural
from particleforge.workflows._around import around
from particleforge.workflows._classes import classes_found
from particleforge.workflows._finder import Finder, Finding, detected
from particleforge.workflows._one_plane import failure_of
from particleforge.workflows._processes import each_image
from particleforge.workflows._project import Prints, of_project

if TYPE_CHECKING:
    from particleforge.models.roles import Detector

PixelSize: TypeAlias = tuple[float, float] | None

BYTES_PER_PX = 90
"""Memory for finding particles; the detector threshold was seen to need 98, base more."""
SURE = "sure_found"
"""Part of a finding that counts the sure particles of an image which were found, too."""
AGAIN = "`particleforge find` with --again finds them again."


class FindParams(Workers, Finding):
    """How to find particles."""

    again: bool = Field(
        False,
        description="Whether to find particles also where there are some already. Those that were drawn, corrected or "
        "confirmed by hand stay; what was removed by hand stays away only where it is marked as background.",
    )
    adopt: bool = Field(
        False, description="Whether to take over label images and selections of ImageJ next to images as particles."
    )


@dataclass(frozen=True)
class Searched:
    """What was found in a project.

    Parameters
    ----------
    counts
        Number of particles of each image that was searched.
    remarks
        Sentences on images whose particles were kept although something has changed.
    failed
        Why images could not be searched, by name.
    """

    counts: dict[str, int] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    failed: dict[str, UserError] = field(default_factory=dict)

    def arrange(self, names: Sequence[str]) -> None:
        """Put images into an order; they come as they are done."""
        for part in (self.counts, self.failed):
            known: dict[str, Any] = {name: part.pop(name) for name in names if name in part}
            part.update(known)


def _report(searched: Searched, args: Mapping[str, Any]) -> dict[str, Any]:
    total, images = sum(searched.counts.values()), len(searched.counts)
    found: dict[str, Any] = {"project": str(args["project"])}
    found["found"] = f"{plural(total, 'particle')} in {plural(images, 'image')}" if images else "nothing new to search"
    found |= {"remarks": " ".join(searched.remarks)} if searched.remarks else {}
    failed = [f"{name} ({reason})" for name, reason in searched.failed.items()]
    return found | ({"not_measured": "; ".join(failed)} if failed else {}) | {"counts": searched.counts}


@verb(_report, resumable=True)
def find(
    project: Path | str,
    only: Sequence[str] = (),
    model: Path | str | Detector[Any] | None = None,
    params: FindParams = FindParams(),
) -> Step[Searched]:
    """Find the particles in the images of a project; write them to its folder particles/.

    Images with particles are left out, unless the image has changed since and nobody has corrected its particles, or
    some particles were only drawn by hand, which stay.

    Parameters
    ----------
    project
        Folder of the project, or any folder of images.
    only
        Names of the images to search; none: all.
    model : name, folder or detector
        Detector; none: the one in use in the project.
    params
        Options of the detector, and whether to find particles again.

    Raises
    ------
    UserError
        If the project or the detector cannot be read, there is no image of a name, or none of the images can be
        searched. A single image that cannot be read does not stop the run.
    """
    opened = Project(project)
    names = [opened[name].name for name in only] or opened.needed_names
    searched = yield from search(opened, names, model, params)
    if len(searched.failed) == len(names):
        raise none_done({name: str(error) for name, error in searched.failed.items()}, "searched")
    return searched


def search(
    project: Project, names: Sequence[str], model: Path | str | Detector[Any] | None, params: FindParams
) -> Step[Searched]:
    """Find the particles of those images that have none yet, or that have changed since; errors as for `find`."""
    besides = project.contents.measuring.keys() - Finding.model_fields.keys()
    settled, prints = of_project(project, params, besides), Prints(project)
    if model is not None and "options" not in params.model_fields_set:
        settled = settled.replace(options={})  # those of the project are for its own detector
    given = project.detector if model is None else model
    busy = UserError(f"Another run is finding particles in {project.folder}.", "Wait until it ends.")
    with alone(project.folder / f".finding{LOCK}", busy):
        yield Progress(0, len(names), "Finding particles")
        noted = _labels(project, names, params.adopt)
        todo, searched = _todo(project, names, prints, None if params.again else _name(given))
        searched.remarks[:0] = noted
        for remark in searched.remarks:
            yield Progress(0, len(names), remark)
        if todo:
            finder = Finder(given, settled.options, settled.pixel_size_nm, settled.burnt_in == "keep")
            finder.check(project.open(name)[0] for name in todo)
            about = {"name": _name(given), "method": finder.method, "options": settled.options}
            about |= {"burnt_in": settled.burnt_in, "provenance": dict(finder.detector.provenance)}
            image = _OneImage(project, partial(_particles, project, finder, about), prints, todo)
            yield from _each(image, settled, searched)
    return searched


def _labels(project: Project, names: Sequence[str], adopt: bool) -> list[str]:
    """Take over labels that lie next to images, or state that they are there."""
    there = [name for name in found_labels(project) if name in names]
    if not there:
        return []
    if not adopt:
        return [f"{named(there)} come with labels, which are not used. `particleforge find` with --adopt uses them."]
    adopted = adopt_labels(project, there)
    lines = [f"The labels of {named(list(adopted.counts))} were taken over."] if adopted.counts else []
    return lines + [f"The labels of {name} cannot be used: {why.message}" for name, why in adopted.failed.items()]


def _todo(
    project: Project, names: Sequence[str], prints: Prints, detector: str | None
) -> tuple[dict[str, Origin | None], Searched]:
    """Images to search, with where their particles are from so far, and why others are not; all if there is no name."""
    todo: dict[str, Origin | None] = {}
    searched, corrected, others = Searched(), [], []
    for name in names:
        try:
            origin = read_origin(project.folder / PARTICLES, name)
        except UserError as error:
            if detector is not None:
                searched.failed[name] = UserError(error.message, AGAIN)
                continue
            origin = None
        if origin is None or detector is None or not (origin.detector or origin.complete):
            todo[name] = origin
        elif _changed(name, origin, prints):
            if origin.mended:
                corrected.append(name)
            else:
                todo[name] = origin
        elif not origin.mended and origin.detector.get("name", detector) != detector:
            others.append(name)
    if corrected:
        why = "changed since their particles were found, which were corrected by hand and are therefore kept"
        searched.remarks.append(f"{named(corrected)} {why}. {AGAIN}")
    if others:
        searched.remarks.append(f"{named(others)} keep what another detector found. {AGAIN}")
    return todo, searched


def _changed(name: str, origin: Origin, prints: Prints) -> bool:
    """Whether an image is another one than that in which its particles were found; not if it cannot be read."""
    try:
        return bool(origin.image) and origin.image != prints(name)
    except UserError:
        return False


@dataclass(frozen=True)
class _OneImage:
    """Finds and writes the particles of an image by its name, in any process.

    Parameters
    ----------
    project
        The project.
    find
        Finds the particles of a plane with a fingerprint.
    prints
        Fingerprints of images.
    before
        Where particles were from when the search began, by name.
    """

    project: Project
    find: Callable[[Plane, str], tuple[ImageParticles, WholeMasks, PixelSize]]
    prints: Prints
    before: Mapping[str, Origin | None]

    def __call__(self, name: str) -> Origin | UserError | None:
        """Return where its particles are from now, why not, or None if they were changed by hand meanwhile."""
        try:
            (plane,) = self.planes(name)
            check_memory([plane], BYTES_PER_PX)
            particles, whole, size = self.find(plane, self.prints(name))
            if _now(self.project, name) != self.before[name]:
                return None
            write_particles(self.project.folder / PARTICLES, name, particles, size)
            write_whole(particle_file(self.project.folder / PARTICLES, name), particles.labels, whole)
        except (DiskError, Cancelled):
            raise
        except Exception as error:  # noqa: BLE001 - the other images go on
            return failure_of(error)
        return particles.origin

    def planes(self, name: str) -> list[Plane]:
        """Return what is read of an image."""
        return [self.project.open(name)[0]]


def _each(image: _OneImage, where: Workers, searched: Searched) -> Iterator[Progress]:
    """Find and write the particles of images one by one; no single one ends the run."""
    names, done = list(image.before), 0
    with closing(each_image(image, names, where, image.planes, BYTES_PER_PX, image.project.folder)) as outcomes:
        for outcome in outcomes:
            if isinstance(outcome, str):
                yield Progress(done, len(names), outcome)
                continue
            name, origin = outcome
            done += 1
            if isinstance(origin, UserError):
                searched.failed[name] = origin
                yield Progress(done, len(names), f"{name}: not searched. {origin.message}")
            elif origin is None:
                searched.remarks.append(f"{name} was changed by hand meanwhile; its particles are kept.")
                yield Progress(done, len(names), searched.remarks[-1])
            else:
                searched.counts[name] = origin.count
                line = ", ".join([plural(origin.count, "particle"), *certainty_words(origin.finding)])
                labels = partial(_preview, image.project, name)
                yield Progress(done, len(names), f"{name}: {line}", labels)
    searched.arrange(names)


def _particles(
    project: Project, find: Finder, detector: Mapping[str, Any], plane: Plane, image: str
) -> tuple[ImageParticles, WholeMasks, PixelSize]:
    """Find the particles of an image around those that are sure.

    Returns
    -------
    particles : ImageParticles
        What is visible.
    whole : mapping
        Masks of whole particles by id.
    size : (float, float) or None
        Size of the pixels.
    """
    micrograph, found = find(plane)
    there = np.unique(found.labels[found.labels > 0]).tolist()
    scores = {number: float(found.scores[number - 1]) for number in there}
    finding = detected(micrograph, found)
    detector = {**detector, "found": len(there), "pixel_size_nm": micrograph.square_pixel_size_nm}
    given = classes_found(found) or {}
    classes = {number: given[number][0] for number in there if number in given}
    origin = Origin(scores, frozenset(), finding, detector, len(there), image, classes=classes)
    particles = ImageParticles(found.labels, origin)
    return *_around_sure(project, plane.name, particles, found.whole_masks), micrograph.pixel_size_nm


def _around_sure(
    project: Project, name: str, found: ImageParticles, whole: WholeMasks
) -> tuple[ImageParticles, WholeMasks]:
    """Put the sure particles of an image in place of what was found there, unless they are of another image."""
    try:
        before = read_particles(project.folder / PARTICLES, name)
    except UserError:
        before = None
    same = before is not None and before.origin.image in ("", found.origin.image)
    if before is None or not same or not before.origin.mended or before.labels.shape != found.labels.shape:
        return found, whole
    old, origin = before.origin, found.origin
    ids = np.unique(before.labels[before.labels > 0])
    kept = ids if old.complete else np.array([number for number in ids if int(number) in old.sure], np.uint32)
    stay = np.where(np.isin(before.labels, kept), before.labels, 0).astype(np.uint32)
    known = {number: score for number, score in old.scores.items() if number in kept}
    free = stay == 0 if old.complete else read_strokes(project, name)
    both = around(stay, known, found.labels, origin.scores, free)
    finding = {**origin.finding, SURE: {"found": both.found_again, "of": len(kept)}}
    detector = {**origin.detector, "found": len(both.scores)}
    count, sure = len(np.unique(both.labels[both.labels > 0])), old.sure & frozenset(map(int, kept))
    masks = read_whole(particle_file(project.folder / PARTICLES, name)).of(before.labels)
    masks = {number: mask for number, mask in masks.items() if number in set(kept.tolist())}
    masks |= {both.added[number]: mask for number, mask in whole.items() if number in both.added}
    classes = {number: name for number, name in old.classes.items() if number in known}
    classes |= {both.added[number]: name for number, name in origin.classes.items() if number in both.added}
    settled = Origin(both.scores, sure, finding, detector, count, origin.image, old.complete, classes)
    return ImageParticles(both.labels, settled), masks


def _preview(project: Project, name: str) -> npt.NDArray[np.uint32] | None:
    """Labels of an image, to be shown."""
    found = read_particles(project.folder / PARTICLES, name)
    return None if found is None else found.labels


def _now(project: Project, name: str) -> Origin | None:
    """Where the particles of an image are from at this moment; None also if they cannot be read."""
    try:
        return read_origin(project.folder / PARTICLES, name)
    except UserError:
        return None


def _name(model: Path | str | Detector[Any]) -> str:
    """Name of a detector for people: of its folder, without the place."""
    return Path(model).name if isinstance(model, (str, Path)) else str(model.provenance.get("name", "a detector"))
