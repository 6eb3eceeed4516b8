"""Every column of a particle table: those of the descriptors, and those that say which particle it is."""

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
"""What measures particles; another package adds its own in the group ``particleforge.descriptors``."""

IMAGE = Column("image", "text", "image", "Name of the image it is in.", place=0)
LABEL = Column("label", "count", "number", "Its id in the label image.", heading="No.", place=5)
GIVEN = (
    Column("frame", "count", "frame", "Number of the plane in its stack, from 0.", place=1),
    Column("time", "time", "time", "When the plane was taken.", place=2),
    Column("track", "count", "track", "Number of the particle that is followed from frame to frame.", place=3),
    Column("group", "text", "group", "What its image belongs to, such as a sample or a condition.", place=4),
)
"""Columns that a table has only where somebody gives them."""


def columns() -> dict[str, Column]:
    """Every column by its name, in the order of tables.

    Raises
    ------
    UserError
        If two descriptors give the same column, or one cannot be imported.
    """
    measured = [column for name in dict.fromkeys(givers().values()) for column in DESCRIPTORS.get(name).COLUMNS]
    every = sorted((IMAGE, LABEL, *GIVEN, *measured), key=lambda column: column.place)
    return {column.name: column for column in every}


@cache
def givers() -> dict[str, str]:
    """Name of the descriptor that gives a column, by the column's name as it is measured; errors as for `columns`."""
    own = DESCRIPTORS.built_in()
    found: dict[str, str] = {}
    taken = {column.name for column in (IMAGE, LABEL, *GIVEN)}
    for name in (*own, *(name for name in DESCRIPTORS.names() if name not in own)):
        for column in DESCRIPTORS.get(name).COLUMNS:
            if column.name in taken:
                raise UserError(f"The descriptor {name!r} gives the column {column.name!r}, which there is already.")
            taken.add(column.name)
            found[column.in_px] = name
    return found


def by_table_name() -> dict[str, Column]:
    """Every column by each name it has in a table."""
    return {name: column for column in columns().values() for name in column.names}


def arranged(names: Iterable[str]) -> list[str]:
    """Put names of a table into their order; those that nobody declares follow as they are."""
    there = list(dict.fromkeys(names))
    declared = [name for name in _order(columns().values()) if name in there]
    return [*declared, *(name for name in there if name not in declared)]


def written() -> list[str]:
    """Names that every ``particles.csv`` has, in their order."""
    return list(_order(column for column in columns().values() if column not in GIVEN))


def _order(every: Iterable[Column]) -> Iterator[str]:
    """Built-in columns in px, then in nm, lengths first; then those of other packages in the same way."""
    own = set(_built_in())
    every = list(every)
    for part in ([column for column in every if column.name in own], [c for c in every if c.name not in own]):
        yield from (column.in_px for column in part)
        in_nm = [column for column in part if column.in_nm is not None]
        yield from (str(column.in_nm) for column in sorted(in_nm, key=lambda column: POWERS[column.dimension]))


@cache
def _built_in() -> dict[str, Column]:
    """Columns that need no other package."""
    own = [column for name in DESCRIPTORS.built_in() for column in DESCRIPTORS.get(name).COLUMNS]
    return {column.name: column for column in (IMAGE, LABEL, *GIVEN, *own)}


class ColumnNames:
    """Some of the columns of descriptors, by name; as an annotation of a field it checks the name of one.

    Parameters
    ----------
    role
        What such a column is called in messages.
    chosen
        Whether a column is one of them.

    Examples
    --------
    >>> from particleforge.measurement.columns import SIZES
    >>> SIZES.names()
    ['ecd', 'feret_max', 'feret_min', 'feret_mean', 'ved']
    """

    def __init__(self, role: str, chosen: Callable[[Column], bool]) -> None:
        self.role, self._chosen = role, chosen

    def __contains__(self, name: object) -> bool:
        # Built-in names come first: a package that cannot be imported harms only those who ask for what it brings.
        return name in self._of(_built_in()) or name in self._of(columns())

    def __getitem__(self, name: str) -> Column:
        return self._of(columns())[name]

    def names(self) -> list[str]:
        """Names of all of them, in the order of tables."""
        return list(self._of(columns()))

    def validate(self, name: Any) -> str:
        """Check a name as pydantic does."""
        if isinstance(name, str) and name in self:
            return name
        near = difflib.get_close_matches(str(name), self.names(), n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(self.names())}"
        raise ValueError(f"there is no {self.role} {name!r}; {hint}")

    def _of(self, every: dict[str, Column]) -> dict[str, Column]:
        told_apart = {IMAGE, LABEL, *GIVEN}
        return {name: column for name, column in every.items() if column not in told_apart and self._chosen(column)}

    def __get_pydantic_core_schema__(self, source: Any, handler: "GetCoreSchemaHandler") -> "CoreSchema":
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(self.validate)


SIZES = ColumnNames("size", lambda column: column.size)
"""What may be called the size of a particle."""
PROPERTIES = ColumnNames("property", lambda column: column.is_number)
"""What a table has of each particle as a number."""
