"""What a descriptor is, and what it is given."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy.typing as npt

from particleforge.errors import UserError
from particleforge.measurement.column import Column
from particleforge.measurement.columns import DESCRIPTORS, givers
from particleforge.measurement.descriptors._hull import Hulls, hulls
from particleforge.measurement.descriptors._runs import Runs, runs

if TYPE_CHECKING:
    from particleforge.measurement.rules import Rules

Values: TypeAlias = npt.NDArray[Any]


class Descriptor(Protocol):
    """Gives columns of a particle table; a module of `descriptors`, or anything of this form as an entry point.

    Its columns are computed for all particles of an image at once, when the first of them is asked for. Other columns
    that it needs it takes from the particles, which have them computed.
    """

    COLUMNS: tuple[Column, ...]

    @staticmethod
    def compute(particles: "Particles") -> Mapping[str, Values]:
        """(n,) values of each column, by its name with the unit (`Column.in_px`); nothing where they cannot be had."""


class Particles(Mapping[str, Values]):
    """The particles of a label image; as a mapping their columns in px, computed when they are asked for.

    Parameters
    ----------
    labels
        (Y, X) ids, 0 = background.
    rules
        What counts, and the models and limits that descriptors use.
    rows
        Rows that show the specimen: first, and the one after the last; None: all.
    intensity
        (Y, X) grey values; None where there is no image.
    scores
        Score by id.
    """

    def __init__(
        self,
        labels: npt.NDArray[Any],
        rules: "Rules",
        rows: tuple[int, int] | None = None,
        intensity: npt.NDArray[Any] | None = None,
        scores: Mapping[int, float] | None = None,
    ) -> None:
        self.labels, self.rules, self.intensity = labels, rules, intensity
        self.rows, self.scores = rows or (0, len(labels)), scores or {}
        self._values: dict[str, Values] = {}
        self._asked: dict[str, bool] = {}

    @cached_property
    def runs(self) -> Runs:
        """Their pixels as horizontal runs."""
        return runs(self.labels)

    @cached_property
    def hulls(self) -> Hulls:
        """Convex hulls of their pixel centres."""
        return hulls(self.runs)

    @property
    def ids(self) -> Values:
        """(n,) their labels, rising: the order of all values."""
        return self.runs.ids

    def __getitem__(self, name: str) -> Values:
        """(n,) values of a column, by its name with the unit; KeyError where it cannot be had, such as grey values."""
        if name not in self._values:
            self._compute(givers()[name])
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return (name for name in givers() if name in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _compute(self, descriptor: str) -> None:
        """Let a descriptor compute its columns, once."""
        if descriptor in self._asked:
            if not self._asked[descriptor]:
                raise UserError(f"The descriptor {descriptor!r} needs columns that need its own.")
            return
        self._asked[descriptor] = False
        found = DESCRIPTORS.get(descriptor).compute(self)
        for name, values in found.items():
            if givers().get(name) != descriptor or values.shape != self.ids.shape:
                raise UserError(
                    f"The descriptor {descriptor!r} gave {name!r} with the shape {values.shape}.",
                    f"It must give columns that it declares, with one value for each of {len(self.ids)} particles.",
                )
        self._values |= found
        self._asked[descriptor] = True
