"""The particles of the images of a project, measured and kept in memory."""

from collections.abc import Sequence

from particleforge.errors import UserError
from particleforge.mask import WholeLabels
from particleforge.measurement.columns import arranged
from particleforge.measurement.given_classes import with_classes
from particleforge.measurement.groups import ImageTable
from particleforge.measurement.particles import measure_particles
from particleforge.measurement.rules import Rules
from particleforge.store.particle_files import particle_file, read_particles
from particleforge.store.project import PARTICLES, Project
from particleforge.store.whole_masks import read_whole


def image_table(project: Project, name: str, rules: Rules) -> ImageTable | None:
    """Measure the particles of an image of a project; None if none were searched for yet.

    Raises
    ------
    UserError
        If the image or its particles cannot be read, or do not belong together.
    """
    found = read_particles(project.folder / PARTICLES, name)
    if found is None:
        return None
    plane = project.open(name)[0]
    micrograph, origin = plane.read(), found.origin
    if found.labels.shape != micrograph.shape:
        raise UserError(
            f"{name} has the shape {micrograph.shape}, but its particles were found in {found.labels.shape}.",
            "Find the particles of this image again.",
        )
    rows, size = rules.rows(micrograph.grey), micrograph.square_pixel_size_nm
    whole = read_whole(particle_file(project.folder / PARTICLES, name)).of(found.labels)
    table = measure_particles(
        WholeLabels(found.labels, whole),
        image=name,
        pixel_size_nm=size,
        intensity=micrograph.grey_or_nan,
        scores=origin.scores,
        rules=rules,
        rows=rows,
    )
    if origin.classes_now:
        table = with_classes(table, origin.classes_now)
    finding = {} if origin.checked else origin.finding  # what a detector states does not hold for corrected particles
    height, width = found.labels.shape
    given = table.assign(**{column: value for column, value in plane.columns.items() if column != "group"})
    ordered, group = given[arranged(given.columns)], project[name].group
    return ImageTable(name, ordered, (height, width), rules, group, rows, size, finding)


def image_tables(project: Project, rules: Rules, names: Sequence[str] | None = None) -> list[ImageTable]:
    """Measure the particles of images of a project; those that were not searched yet are left out.

    Parameters
    ----------
    project
        The project.
    rules
        How they are measured.
    names
        Names of the images; None: all.

    Raises
    ------
    UserError
        If an image or its particles cannot be read.

    Examples
    --------
    >>> from particleforge.measurement.project_tables import image_tables
    >>> from particleforge.measurement.rules import Rules
    >>> from particleforge.store.project import Project
    >>> [(one.name, len(one.table)) for one in image_tables(Project("gold"), Rules())]  # doctest: +SKIP
    """
    found = (image_table(project, name, rules) for name in (project.names if names is None else names))
    return [one for one in found if one is not None]
