"""What a target is."""

from abc import abstractmethod
from typing import Annotated, Any, TypeAlias

from pydantic import Field

from particleforge.params import Params
from particleforge.registry import Kinds


class Target(Params):
    """A value each sample has beside its arrays, such as the class of its image."""

    kind: str
    meaning: str = Field("", description="What the value says, in words.")

    @abstractmethod
    def pack(self, value: Any) -> Any:
        """Value as plain data; equal values give equal data.

        Raises
        ------
        ValueError
            If it is no such value. The text says what is needed.
        """

    @abstractmethod
    def unpack(self, data: Any) -> Any:
        """Value out of plain data; see `pack`."""


AnyTarget: TypeAlias = Annotated[Target, Kinds(Target)]
