"""What is read of an image of a project before it is shown; no Qt here."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from particleforge.errors import UserError
from particleforge.mask import WholeLabels
from particleforge.measurement.given_classes import with_classes
from particleforge.measurement.particles import measure_particles
from particleforge.measurement.rules import Rules
from particleforge.micrograph import Micrograph
from particleforge.store.annotation_state import State
from particleforge.store.particle_edits import Edited, particles_state, read_background
from particleforge.store.particle_files import ImageParticles, Origin, particle_file, read_particles
from particleforge.store.project import PARTICLES, Project
from particleforge.store.whole_masks import SavedMasks, read_whole
from particleforge.widgets.bench.check.contours import Values, picture
from particleforge.widgets.bench.check.kinds import contour_values, kinds
from particleforge.widgets.bench.check.places import Places
from particleforge.widgets.bench.check.teaching import still_needed
from particleforge.workflows._project import Prints

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Loaded:
    """An image and its particles.

    Parameters
    ----------
    micrograph
        The image.
    particles
        What was found in it; empty labels if nothing was yet.
    saved
        Masks of whole particles.
    table
        Its particles, as `measure_particles` gives them.
    rows
        Rows of the image that show the specimen; None: all.
    searched
        Whether particles were found or drawn before, perhaps none.
    background
        (Y, X) bool, where there certainly is no particle.
    seen
        A copy of the labels, to notice edits.
    places
        Where the particles are.
    on_disk
        What was on disk.
    needed
        What it still needs to teach a detector, in a sentence.
    contours
        (Y, X) uint8 picture of the contours of the particles.
    values
        With which these are drawn.
    """

    micrograph: Micrograph
    particles: ImageParticles
    saved: SavedMasks
    table: "pd.DataFrame"
    rows: tuple[int, int] | None
    searched: bool
    background: npt.NDArray[np.bool_]
    seen: npt.NDArray[np.uint32]
    places: Places
    on_disk: State
    needed: str
    contours: npt.NDArray[np.uint8]
    values: Values


def load(project: Project, name: str, rules: Rules) -> Loaded:
    """Read an image of a project with its particles, and measure them.

    Raises
    ------
    UserError
        If the image or its particles cannot be read, or do not belong together, or pixels are not square.
    """
    micrograph = project.open(name)[0].read()
    folder = project.folder / PARTICLES
    on_disk = particles_state(folder, name)
    found = read_particles(folder, name)
    particles = found or ImageParticles(np.zeros(micrograph.shape, np.uint32), Origin())
    if not particles.origin.image:
        particles = replace(particles, origin=replace(particles.origin, image=Prints(project)(name)))
    if particles.labels.shape != micrograph.shape:
        raise UserError(
            f"{name} has the shape {micrograph.shape}, but its particles were found in {particles.labels.shape}.",
            f"Remove {PARTICLES}/{name}.tif to find them again.",
        )
    rows, side = rules.rows(micrograph.grey), micrograph.square_pixel_size_nm
    saved = read_whole(particle_file(folder, name))
    every = WholeLabels(particles.labels, saved.of(particles.labels))
    table = measured(every, micrograph, side, particles.origin, rules, rows)
    background, labels = read_background(folder, name, micrograph.shape), particles.labels
    places, omitted = Places(labels), frozenset(map(int, table["label"][table["weight"] == 0]))
    values = contour_values(kinds(places.ids, particles.origin.sure, omitted), omitted)
    return Loaded(
        micrograph,
        particles,
        saved,
        table,
        rows,
        found is not None,
        background,
        labels.copy(),
        places,
        on_disk,
        still_needed(Edited(particles, background)),
        picture(labels, values),
        values,
    )


def measured(
    labels: WholeLabels,
    micrograph: Micrograph,
    pixel_size_nm: float | None,
    origin: Origin,
    rules: Rules,
    rows: tuple[int, int] | None,
) -> "pd.DataFrame":
    """Measure particles as `load` does; see `measure_particles`."""
    table = measure_particles(
        labels,
        image=micrograph.name,
        pixel_size_nm=pixel_size_nm,
        intensity=micrograph.grey,
        scores=origin.scores,
        rules=rules,
        rows=rows,
    )
    return with_classes(table, origin.classes_now) if origin.classes_now else table
