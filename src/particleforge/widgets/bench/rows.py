"""What the strip knows of each image; no Qt here."""

from dataclasses import dataclass, replace
from pathlib import Path

from particleforge.errors import UserError
from particleforge.measurement.numbers import digits
from particleforge.micrograph import square_side_nm
from particleforge.store.particle_files import Origin, read_origin
from particleforge.store.project import PARTICLES, Project
from particleforge.store.thumbnails import thumbnail


@dataclass(frozen=True)
class Row:
    """An image of a project.

    Parameters
    ----------
    name
        Its name.
    pixel_size_nm
        Side of its pixels, if known.
    group
        What it belongs to.
    origin
        Where its particles are from; None: nothing was found yet.
    problem
        Why it cannot be used; empty if it can.
    thumbnail
        A small picture of it.
    """

    name: str
    pixel_size_nm: float | None = None
    group: str = ""
    origin: Origin | None = None
    problem: str = ""
    thumbnail: Path | None = None

    @property
    def scale(self) -> str:
        """Its pixel size in words."""
        return "no scale" if self.pixel_size_nm is None else f"{digits(self.pixel_size_nm)} nm"

    @property
    def found(self) -> int | None:
        """Number of its particles; None: not searched yet."""
        return None if self.origin is None else self.origin.count

    @property
    def sure(self) -> int:
        """Number of particles that a person is sure of."""
        return 0 if self.origin is None else len(self.origin.sure)

    @property
    def certainty(self) -> float | None:
        """Certainty of the detector for the image, if it has an estimate."""
        return None if self.origin is None else self.origin.certainty


def read_row(project: Project, name: str) -> Row:
    """Read what is known of an image, without its pixels."""
    image = project[name]
    try:
        size = project.open(name).pixel_size_nm
        side = None if size is None else square_side_nm(size, name)
        origin = read_origin(project.folder / PARTICLES, name)
    except UserError as error:
        return Row(name, image.pixel_size_nm, image.group, problem=str(error))
    return Row(name, side, image.group, origin)


def with_thumbnail(project: Project, row: Row) -> Row:
    """Add a small picture of the image; one that cannot be read gets none."""
    try:
        return replace(row, thumbnail=thumbnail(project, row.name))
    except UserError:
        return row
