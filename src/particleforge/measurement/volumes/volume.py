"""Volume of a particle of which only the projection is visible: an assumed body."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Annotated, TypeAlias

from particleforge.measurement.arrays import Floats
from particleforge.params import Params
from particleforge.registry import Kinds


class Volume(Params):
    """The body that is assumed behind a projection."""

    kind: str

    @abstractmethod
    def volume(self, columns: Mapping[str, Floats]) -> Floats:
        """(n,) volume in px3 from the other columns in px."""


AnyVolume: TypeAlias = Annotated[Volume, Kinds(Volume)]
