"""The base class of the networks of classifiers."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Annotated, Self, TypeAlias

from particleforge.params import Params
from particleforge.registry import Kinds

if TYPE_CHECKING:
    from torch import nn


class Network(Params):
    """Maps (B, 1, Y, X) crops with grey values from 0 to 1 to (B, classes) logits."""

    kind: str

    @abstractmethod
    def build(self, classes: int) -> nn.Module:
        """Make it with random weights."""

    def settled(self) -> Self:
        """Return it with all that decides on its layers, to be noted with a model.

        Raises
        ------
        UserError
            If what it starts from cannot be read.
        """
        return self

    def begin(self, net: nn.Module) -> bool:
        """Give a network that `build` made the weights to start from; return whether there are any.

        Raises
        ------
        UserError
            If they cannot be read, or do not fit.
        """
        return False


AnyNetwork: TypeAlias = Annotated[Network, Kinds(Network)]
