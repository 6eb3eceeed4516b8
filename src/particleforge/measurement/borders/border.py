"""How particles at the border of an image count: a choice that every report names.

A large particle touches the border more often than a small one. So leaving those out that do makes the rest too small
on average, and keeping them adds particles that are cut.
"""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias

import numpy.typing as npt

from particleforge.measurement.arrays import Floats
from particleforge.params import Params
from particleforge.registry import Kinds


class Border(Params):
    """What each particle counts, by where it lies."""

    kind: str

    @abstractmethod
    def weights(self, columns: Mapping[str, npt.NDArray[Any]], shape: tuple[int, int]) -> Floats:
        """(n,) weight of each particle of an image of `shape` (Y, X) pixels; 0 where it does not count."""

    @property
    @abstractmethod
    def sentence(self) -> str:
        """The rule in words, for a report."""


AnyBorder: TypeAlias = Annotated[Border, Kinds(Border)]
