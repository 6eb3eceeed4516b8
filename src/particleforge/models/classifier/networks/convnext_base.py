"""ConvNeXt base, Liu et al., A ConvNet for the 2020s, CVPR 2022."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from particleforge.models.classifier.networks._torchvision import TorchvisionNetwork

if TYPE_CHECKING:
    from torch import nn


class ConvNeXtBase(TorchvisionNetwork):
    """ConvNeXt base of torchvision, 88 million weights."""

    file: ClassVar[str] = "convnext_base-6075fbad.pth"
    last: ClassVar[str] = "classifier.2."

    kind: Literal["convnext_base"] = "convnext_base"

    def plain(self, classes: int) -> nn.Module:
        """Make the network of torchvision with random weights."""
        from torchvision.models import convnext_base

        net: nn.Module = convnext_base(num_classes=classes)
        return net
