"""The base class of targets."""

from abc import abstractmethod
from typing import Annotated, Any, TypeAlias

from pydantic import Field

from particleforge.params import Params
from particleforge.registry import Kinds


class Target(Params):
    """A value that each sample has besides its arrays, for example the class of its image."""

    kind: str
    meaning: str = Field("", description="What the value means, in words.")

    @abstractmethod
    def pack(self, value: Any) -> Any:
        """Value as plain data; equal values give equal data.

        Raises
        ------
        ValueError
            If it is not such a value. The message states what is needed.
        """

    @abstractmethod
    def unpack(self, data: Any) -> Any:
        """Value from plain data; see `pack`."""


AnyTarget: TypeAlias = Annotated[Target, Kinds(Target)]
