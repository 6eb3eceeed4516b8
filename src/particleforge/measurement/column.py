"""What a column of a particle table is."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Dimension: TypeAlias = Literal[
    "length", "area", "volume", "pixels", "angle", "time", "ratio", "intensity", "count", "flag", "text"
]
"""``pixels`` are whole numbers of them, which have no size in nm; a ``ratio`` is any number without a unit."""
SUFFIXES: dict[Dimension, str] = {
    "length": "_px",
    "area": "_px2",
    "volume": "_px3",
    "pixels": "_px",
    "angle": "_deg",
    "time": "_s",
}
"""Unit in the name of a column."""
POWERS: dict[Dimension, int] = {"length": 1, "area": 2, "volume": 3}
"""Dimensions that have nm where the size of a pixel is known."""
LAST = 1000


@dataclass(frozen=True)
class Column:
    r"""A property of particles.

    Parameters
    ----------
    name
        Without its unit, such as ``feret_max``.
    dimension
        What kind of quantity it is; its unit follows from that.
    title
        What people call it, in small letters.
    meaning
        What it is, in a sentence or two.
    formula
        How it is computed, as LaTeX; empty where `meaning` says it all.
    size
        Whether it may be called the size of a particle; lengths only.
    heading
        What stands above it where there is little room; empty: it is not shown there.
    place
        Columns of smaller numbers stand further in front. Leave it out: then the column stands behind all others.

    Examples
    --------
    >>> from particleforge.measurement.column import Column
    >>> Column("ecd", "length", "equal-area diameter", "Diameter of the circle of equal area.").names
    ('ecd_px', 'ecd_nm')
    """

    name: str
    dimension: Dimension
    title: str
    meaning: str
    formula: str = ""
    size: bool = False
    heading: str = ""
    place: int = LAST

    def __post_init__(self) -> None:
        if self.size and self.dimension != "length":
            raise ValueError(f"the column {self.name!r} is no length, so it cannot be a size")

    @property
    def in_px(self) -> str:
        """Name in a table, as it is measured."""
        return self.name + SUFFIXES.get(self.dimension, "")

    @property
    def in_nm(self) -> str | None:
        """Name in a table where the size of a pixel is known; None where that makes no difference."""
        return self.in_px.replace("_px", "_nm") if self.dimension in POWERS else None

    @property
    def names(self) -> tuple[str, ...]:
        """Every name it has in a table."""
        return (self.in_px,) if self.in_nm is None else (self.in_px, self.in_nm)

    def unit(self, name: str) -> str:
        """Return the unit of one of its `names`; empty where there is none."""
        return name.removeprefix(self.name).removeprefix("_")

    @property
    def is_number(self) -> bool:
        """Whether more and less of it mean something."""
        return self.dimension not in ("count", "flag", "text")
