"""How particles at the border of an image count: a choice that every report states.

Large particles touch the border more often than small ones. So leaving out those that do makes the others too small on
average, while keeping them adds truncated particles.
"""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

import numpy.typing as npt

from particleforge.measurement.arrays import Floats
from particleforge.params import Params
from particleforge.registry import Kinds


class Border(Params):
    """How much each particle counts, depending on its position.

    Parameters
    ----------
    exclusion
        Why a particle does not count by this rule, in a few words for tables.
    weighting
        How much the others count, in words; empty if each counts once.
    effect
        How much of the effect of the border remains in the sizes: ``none``, ``estimated`` by the compensation of Miles
        and Lantuéjoul, or ``unknown``.
    remains
        The same as a phrase for reports.
    """

    kind: str
    exclusion: ClassVar[str] = "at the border"
    weighting: ClassVar[str] = ""
    effect: ClassVar[Literal["none", "estimated", "unknown"]] = "unknown"
    remains: ClassVar[str] = "the effect of this rule on the sizes is not known"

    @abstractmethod
    def weights(self, columns: Mapping[str, npt.NDArray[Any]], shape: tuple[int, int]) -> Floats:
        """(n,) weight of each particle of an image of `shape` (Y, X) pixels; 0 where it does not count."""

    @property
    @abstractmethod
    def sentence(self) -> str:
        """The rule in words, for a report."""


AnyBorder: TypeAlias = Annotated[Border, Kinds(Border)]
