"""ConvNeXt tiny, Liu et al., A ConvNet for the 2020s, CVPR 2022."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from particleforge.models.classifier.networks._torchvision import TorchvisionNetwork

if TYPE_CHECKING:
    from torch import nn


class ConvNeXtTiny(TorchvisionNetwork):
    """ConvNeXt tiny of torchvision, 28 million weights."""

    file: ClassVar[str] = "convnext_tiny-983f1562.pth"
    last: ClassVar[str] = "classifier.2."

    kind: Literal["convnext_tiny"] = "convnext_tiny"

    def plain(self, classes: int) -> nn.Module:
        """Make the network of torchvision with random weights."""
        from torchvision.models import convnext_tiny

        net: nn.Module = convnext_tiny(num_classes=classes)
        return net
