"""All columns of a particle table: those of the descriptors, and those that identify a particle."""

import difflib
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from particleforge.errors import UserError
from particleforge.measurement.column import POWERS, Column
from particleforge.registry import Registry

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

    from particleforge.measurement.descriptor import Descriptor

DESCRIPTORS: "Registry[Descriptor]" = Registry("descriptor", "particleforge.measurement.descriptors")
"""The descriptors; other packages add theirs in the entry-point group ``particleforge.descriptors``."""

IMAGE = Column("image", "text", "image", "Name of the image that shows the particle.", place=0)
LABEL = Column("label", "count", "number", "Its id in the label image.", heading="No.", place=5)
_SPECIMEN = "As {}, without the drift of the specimen since the first frame."
GIVEN = (
    Column("frame", "count", "frame", "Number of the plane in its stack, counted from 0.", place=1),
    Column("time", "time", "time", "Time at which the plane was acquired.", place=2),
    Column("track", "count", "track", "Number of the particle, the same in all frames that show it.", place=3),
    Column("depth", "count", "depth", "Number of the plane along the depth of its stack, counted from 0.", place=2),
    Column("specimen_x", "length", "x in the specimen", _SPECIMEN.format("x"), place=22),
    Column("specimen_y", "length", "y in the specimen", _SPECIMEN.format("y"), place=23),
    Column(
        "class_probability",
        "ratio",
        "probability of the class",
        "How likely the class is according to the classifier that gave it; empty where the class is that of the rule.",
        place=11,
    ),
    Column("group", "text", "group", "What its image belongs to, for example a sample or a condition.", place=4),
)
"""Columns that a table has only if they are provided."""


def columns() -> dict[str, Column]:
    """Return all columns by name, in the order of tables.

    Raises
    ------
    UserError
        If two descriptors define the same column, or one cannot be imported.
    """
    measured = [column for name in dict.fromkeys(givers().values()) for column in DESCRIPTORS.get(name).COLUMNS]
    every = sorted((IMAGE, LABEL, *GIVEN, *measured), key=lambda column: column.place)
    return {column.name: column for column in every}


@cache
def givers() -> dict[str, str]:
    """Name of the descriptor of each column, by the column's name in pixels; errors as for `columns`."""
    own = DESCRIPTORS.built_in()
    found: dict[str, str] = {}
    taken = {column.name for column in (IMAGE, LABEL, *GIVEN)}
    for name in (*own, *(name for name in DESCRIPTORS.names() if name not in own)):
        for column in DESCRIPTORS.get(name).COLUMNS:
            if column.name in taken:
                raise UserError(f"The descriptor {name!r} defines the column {column.name!r}, which exists already.")
            taken.add(column.name)
            found[column.in_px] = name
    return found


def by_table_name() -> dict[str, Column]:
    """Return all columns by each name they have in a table."""
    return {name: column for column in columns().values() for name in column.names}


def arranged(names: Iterable[str]) -> list[str]:
    """Return the names of a table in order; undeclared ones follow as they are."""
    given = list(dict.fromkeys(names))
    declared = [name for name in _order(columns().values()) if name in given]
    return [*declared, *(name for name in given if name not in declared)]


def written() -> list[str]:
    """Names of the columns of every ``particles.csv``, in order."""
    return list(_order(column for column in columns().values() if column not in GIVEN))


def _order(every: Iterable[Column]) -> Iterator[str]:
    """Built-in columns in px, then in nm, lengths first; then those of other packages in the same order."""
    own = set(_built_in())
    every = list(every)
    for part in ([column for column in every if column.name in own], [c for c in every if c.name not in own]):
        yield from (column.in_px for column in part)
        in_nm = [column for column in part if column.in_nm is not None]
        yield from (str(column.in_nm) for column in sorted(in_nm, key=lambda column: POWERS[column.dimension]))


@cache
def _built_in() -> dict[str, Column]:
    """Columns that are available without other packages."""
    own = [column for name in DESCRIPTORS.built_in() for column in DESCRIPTORS.get(name).COLUMNS]
    return {column.name: column for column in (IMAGE, LABEL, *GIVEN, *own)}


class ColumnNames:
    """Some of the columns of descriptors, by name; used as an annotation of a field, it validates the name of one.

    Parameters
    ----------
    role
        What such a column is called in messages.
    chosen
        Returns whether a column is one of them.

    Examples
    --------
    >>> from particleforge.measurement.columns import SIZES
    >>> SIZES.names()
    ['ecd', 'feret_max', 'feret_min', 'feret_mean', 'ved']
    """

    def __init__(self, role: str, chosen: Callable[[Column], bool]) -> None:
        self.role, self._chosen = role, chosen

    def __contains__(self, name: object) -> bool:
        # Built-in names come first: a package that cannot be imported affects only the columns that it provides.
        return name in self._of(_built_in()) or name in self._of(columns())

    def __getitem__(self, name: str) -> Column:
        return self._of(columns())[name]

    def names(self) -> list[str]:
        """Names of all of them, in the order of tables."""
        return list(self._of(columns()))

    def validate(self, name: Any) -> str:
        """Validate a name for pydantic."""
        if isinstance(name, str) and name in self:
            return name
        close = difflib.get_close_matches(str(name), self.names(), n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"available: {', '.join(self.names())}"
        raise ValueError(f"there is no {self.role} {name!r}; {hint}")

    def _of(self, every: dict[str, Column]) -> dict[str, Column]:
        identifying = {IMAGE, LABEL, *GIVEN}
        return {name: column for name, column in every.items() if column not in identifying and self._chosen(column)}

    def __get_pydantic_core_schema__(self, source: Any, handler: "GetCoreSchemaHandler") -> "CoreSchema":
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(self.validate)


SIZES = ColumnNames("size", lambda column: column.size)
"""Columns that can be used as the size of a particle."""
PROPERTIES = ColumnNames("property", lambda column: column.is_number)
"""Columns with numbers that describe a particle."""
