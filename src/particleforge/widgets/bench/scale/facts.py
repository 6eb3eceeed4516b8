"""What is known of the scale of each image; no Qt here."""

from collections.abc import Iterable
from dataclasses import dataclass

from particleforge.errors import UserError
from particleforge.measurement.distribution import size_unit
from particleforge.measurement.numbers import digits
from particleforge.measurement.picture import UNIT_SIGNS
from particleforge.micrograph import square_side_nm
from particleforge.store.calibration import TOLERANCE
from particleforge.store.micrographs import open_source
from particleforge.store.project import Project

NO_SCALE, UNUSABLE = "no scale", "cannot be used"
SET_HERE, STATED = "this project", "the image file"


@dataclass(frozen=True)
class Facts:
    """The scale of an image, and where it is from.

    Parameters
    ----------
    name
        Of the image.
    group
        What it belongs to.
    shape
        Its height and width in px.
    side_nm
        Side of a pixel; None: not known, or of no use.
    file_side_nm
        The same as the image file states it.
    source
        Where it was read; empty if there is none.
    remarks
        What a person should know of what the file states.
    given
        Whether a person gave it, in this project.
    problem
        Why the image cannot be measured; empty if it can.
    """

    name: str
    group: str = ""
    shape: tuple[int, int] = (0, 0)
    side_nm: float | None = None
    file_side_nm: float | None = None
    source: str = ""
    remarks: tuple[str, ...] = ()
    given: bool = False
    problem: str = ""

    @property
    def lacks_scale(self) -> bool:
        """Whether somebody has to give it a scale."""
        return self.side_nm is None

    @property
    def origin(self) -> str:
        """Where the scale is from, in words."""
        return SET_HERE if self.given else self.source

    def is_like(self, other: "Facts") -> bool:
        """Whether both images are of the same size, and state their scale in the same place or not at all."""
        return self.shape == other.shape and self.source == other.source


def read_facts(project: Project, name: str) -> Facts:
    """Read what an image states about its scale, without its pixels."""
    image = project[name]
    given = image.pixel_size_nm
    try:
        source, file = project.open(name), open_source(project.path(image), image)
    except UserError as error:
        return Facts(name, image.group, side_nm=given, given=given is not None, problem=str(error))
    height, width = (source.pixels.shape[source.axes.index(axis)] for axis in "YX")
    field = "" if file.pixel_size_nm is None else file.size_source or STATED
    problem = ""
    try:
        side = None if source.pixel_size_nm is None else square_side_nm(source.pixel_size_nm, name)
    except UserError as error:
        side, problem = None, str(error)
    stated = None if file.pixel_size_nm is None else (file.pixel_size_nm[0] * file.pixel_size_nm[1]) ** 0.5
    return Facts(name, image.group, (height, width), side, stated, field, file.size_remarks, given is not None, problem)


@dataclass(frozen=True)
class Level:
    """Images of one scale.

    Parameters
    ----------
    scale
        In words.
    names
        Of the images.
    origin
        Where it is from.
    good
        Whether they can be measured with it.
    """

    scale: str
    names: tuple[str, ...]
    origin: str
    good: bool


def levels(facts: Iterable[Facts]) -> list[Level]:
    """Group images by their scale, those that have none first; scales that differ by 1 % at most are one."""
    found, left = [], list(facts)
    for text, chosen in ((UNUSABLE, [f for f in left if f.problem]), (NO_SCALE, _lacking(left))):
        if chosen:
            found.append(Level(text, tuple(f.name for f in chosen), _origins(chosen), False))
    known = sorted((f for f in left if f.side_nm is not None and not f.problem), key=lambda f: f.side_nm or 0)
    while known:
        first = known[0].side_nm or 0
        same = [f for f in known if (f.side_nm or 0) <= first * (1 + TOLERANCE)]
        known = known[len(same) :]
        found.append(Level(per_pixel(first), tuple(f.name for f in same), _origins(same), True))
    return found


def per_pixel(side_nm: float) -> str:
    """Return a pixel size in words."""
    return f"{length(side_nm)} per pixel"


def length(nm: float) -> str:
    """Return a length in the unit in which it reads well."""
    unit, factor = size_unit(nm)
    return f"{digits(nm * factor)} {UNIT_SIGNS[unit]}"


def _lacking(facts: Iterable[Facts]) -> list[Facts]:
    return [f for f in facts if f.lacks_scale and not f.problem]


def _origins(facts: Iterable[Facts]) -> str:
    return ", ".join(dict.fromkeys(f.origin for f in facts if f.origin))
