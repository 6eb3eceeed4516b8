"""ResNet18, He et al., Deep residual learning for image recognition, CVPR 2016."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from particleforge.models.classifier.networks._torchvision import TorchvisionNetwork

if TYPE_CHECKING:
    from torch import nn


class ResNet18(TorchvisionNetwork):
    """ResNet18 of torchvision, 11 million weights."""

    file: ClassVar[str] = "resnet18-f37072fd.pth"
    last: ClassVar[str] = "fc."

    kind: Literal["resnet18"] = "resnet18"

    def plain(self, classes: int) -> nn.Module:
        """Make the network of torchvision with random weights."""
        from torchvision.models import resnet18

        net: nn.Module = resnet18(num_classes=classes)
        return net
