"""What networks of torchvision share."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from particleforge.errors import UserError
from particleforge.models.classifier.networks.network import Network
from particleforge.models.pretrained import cached_weights, check_hash
from particleforge.models.weights import stored_tensors

if TYPE_CHECKING:
    from torch import nn


class TorchvisionNetwork(Network):
    """A network of torchvision, given the grey values as three equal colours.

    Parameters
    ----------
    file
        Name of the file with its ImageNet weights.
    last
        Beginning of the names of the weights of its last layer, which classes of ImageNet have of their own.
    """

    file: ClassVar[str]
    last: ClassVar[str]

    start: str = Field(
        "scratch",
        description="Weights to start from: scratch (random ones), imagenet (those of torchvision, if they are on this "
        "computer), or the file of those.",
    )

    @abstractmethod
    def plain(self, classes: int) -> nn.Module:
        """Make the network of torchvision with random weights."""

    def build(self, classes: int) -> nn.Module:
        """Make it with random weights."""
        from particleforge.models.classifier.colours import AsColours

        return AsColours(self.plain(classes))

    def begin(self, net: nn.Module) -> bool:
        """Take over all ImageNet weights but those of the last layer, if they are requested."""
        if self.start == "scratch":
            return False
        what = f"The ImageNet weights for {self.kind}"
        path = cached_weights(self.file, what) if self.start == "imagenet" else Path(self.start)
        check_hash(path)
        given, own = stored_tensors(path), net.state_dict()
        body = {f"net.{name}": tensor for name, tensor in given.items() if not name.startswith(self.last)}
        wanted = {name for name in own if not name.startswith(f"net.{self.last}")}
        if body.keys() != wanted or any(body[name].shape != own[name].shape for name in wanted):
            raise UserError(f"{path} holds no weights for {self.kind}.", f"The file for it is {self.file}.")
        net.load_state_dict(own | body)
        return True
