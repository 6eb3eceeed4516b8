"""What the images of a project can teach a detector; no Qt here."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from particleforge.annotate.progress import ENOUGH_PARTICLES, Annotated, annotated, together
from particleforge.errors import UserError
from particleforge.store.files import disk_errors
from particleforge.store.particle_files import ImageParticles, read_particles
from particleforge.store.project import PARTICLES, Project
from particleforge.store.teaching import read_strokes, save_teaching, teaching_images
from particleforge.store.thumbnails import thumbnail
from particleforge.widgets.background import Outdated
from particleforge.wording import plural

NOTHING = "Draw, correct or confirm some particles in Check first: detectors learn from those that you are sure of."


@dataclass(frozen=True)
class Example:
    """An image with particles that a person is sure of.

    Parameters
    ----------
    name
        Its name.
    sure
        Number of sure particles.
    teaches
        Whether detectors learn from it.
    what
        What is annotated in it.
    complete
        Whether every particle in it is sure, so that all else is background.
    thumbnail
        A small picture of it; None if there is none.
    """

    name: str
    sure: int
    teaches: bool
    what: Annotated
    complete: bool
    thumbnail: Path | None = None


def read_examples(project: Project, outdated: Outdated) -> list[Example]:
    """Read which images of a project can teach; those that cannot be read are left out."""
    found = []
    for image in project.images:
        if outdated():
            break
        try:
            particles = read_particles(project.folder / PARTICLES, image.name)
            if particles is None or not particles.origin.sure:
                continue
            complete = _complete(particles)
            strokes = None if complete else read_strokes(project, image.name)
        except UserError:  # its row shows why
            continue
        labels = np.where(np.isin(particles.labels, list(particles.origin.sure)), particles.labels, 0)
        free = None if complete else np.zeros(labels.shape, np.bool_) if strokes is None else strokes
        what = annotated(labels.astype(np.uint32), free)
        found.append(Example(image.name, what.particles, image.teaches, what, complete, _picture(project, image.name)))
    return found


def needed(examples: Sequence[Example]) -> str:
    """State what is still missing before a detector can learn; empty: nothing."""
    ticked = [example.what for example in examples if example.teaches]
    if not ticked:
        return "Tick an image to learn from." if examples else NOTHING
    every = together(ticked)
    if not every.background:
        return "Brush some background in Check, or state there that every particle of an image is marked."
    return ""


def advice(examples: Sequence[Example]) -> str:
    """State what would make a detector better that can learn already; empty: nothing."""
    missing = max(0, ENOUGH_PARTICLES - together(example.what for example in examples if example.teaches).whole)
    return (
        f"{plural(missing, 'more whole particle')} would help; about {ENOUGH_PARTICLES} are a start." if missing else ""
    )


def save_missing(project: Project, names: Sequence[str]) -> None:
    """Write what images teach whose particles were never edited here, such as labels of another program.

    Raises
    ------
    UserError
        If an image cannot be read, or the folder is not writable.
    """
    there = teaching_images(project)
    for name in names:
        particles = read_particles(project.folder / PARTICLES, name) if name not in there else None
        if particles is not None:
            sure = particles.origin.sure
            save_teaching(project, name, particles.labels, sure, complete=_complete(particles))


def _complete(particles: ImageParticles) -> bool:
    """Whether all particles of the image are sure: a person has stated it, or drawn all without a detector."""
    origin = particles.origin
    return origin.complete or (origin.checked and not origin.detector)


def _picture(project: Project, name: str) -> Path | None:
    try:
        with disk_errors(project.folder):
            return thumbnail(project, name)
    except UserError:
        return None
