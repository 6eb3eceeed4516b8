"""The columns of a particle table."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Dimension: TypeAlias = Literal[
    "length", "area", "volume", "pixels", "angle", "time", "mass", "ratio", "intensity", "count", "flag", "text"
]
"""``pixels`` are whole numbers of pixels, without a value in nm; a ``ratio`` is any number without a unit."""
SUFFIXES: dict[Dimension, str] = {
    "length": "_px",
    "area": "_px2",
    "volume": "_px3",
    "pixels": "_px",
    "angle": "_deg",
    "time": "_s",
    "mass": "_fg",
}
"""Unit as part of the name of a column."""
POWERS: dict[Dimension, int] = {"length": 1, "area": 2, "volume": 3}
"""Dimensions given in nm if the pixel size is known, with the power of the length."""
LAST = 1000


@dataclass(frozen=True)
class Column:
    r"""A property of particles.

    Parameters
    ----------
    name
        Name without the unit, for example ``feret_max``.
    dimension
        Kind of quantity, which determines the unit.
    title
        Common name, in lower case.
    meaning
        Definition, in a sentence or two.
    formula
        How it is computed, as LaTeX; empty if `meaning` is enough.
    size
        Whether it can be used as the size of a particle; lengths only.
    heading
        Short heading for compact tables; empty: it is not shown there.
    place
        Position: columns with smaller numbers come first. Default: after all others.

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
            raise ValueError(f"the column {self.name!r} is not a length, so it cannot be a size")

    @property
    def in_px(self) -> str:
        """Name in a table, as measured in pixels."""
        return self.name + SUFFIXES.get(self.dimension, "")

    @property
    def in_nm(self) -> str | None:
        """Name in a table if the pixel size is known; None if that makes no difference."""
        return self.in_px.replace("_px", "_nm") if self.dimension in POWERS else None

    @property
    def names(self) -> tuple[str, ...]:
        """Every name it has in a table."""
        return (self.in_px,) if self.in_nm is None else (self.in_px, self.in_nm)

    def unit(self, name: str) -> str:
        """Return the unit of one of its `names`; empty if it has none."""
        return name.removeprefix(self.name).removeprefix("_")

    @property
    def is_number(self) -> bool:
        """Whether its values are quantities that can be compared and plotted."""
        return self.dimension not in ("count", "flag", "text")


def in_nm(values: Mapping[str, Any], columns: Iterable[Column], pixel_size_nm: float) -> dict[str, Any]:
    """Lengths, areas and volumes in nm of the `columns` that are among `values`, which are in px."""
    return {
        column.in_nm: values[column.in_px] * pixel_size_nm ** POWERS[column.dimension]
        for column in columns
        if column.in_nm is not None and column.in_px in values
    }
