"""The U-Net of a detector, its features averaged over the crop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import Field

from particleforge.errors import UserError
from particleforge.models.classifier.networks.network import Network
from particleforge.models.unet_config import UNetConfig

if TYPE_CHECKING:
    from torch import nn

    from particleforge.models.unet import UNet

SCRATCH = "scratch"
SMALL = UNetConfig(unet_n_filter_base=16, unet_batch_norm=True, net_conv_after_unet=0)
"""What is trained from random weights."""


class UNetNetwork(Network):
    """The U-Net of a detector: the means of its features at the three lowest resolutions, and a linear layer."""

    kind: Literal["unet"] = "unet"
    start: str = Field(
        "base", description="Detector whose weights it starts from: a bundled one or a folder; scratch: random weights."
    )
    config: UNetConfig | None = Field(None, description="Its architecture; empty: that of the detector it starts from.")

    def build(self, classes: int) -> nn.Module:
        """Make it with random weights."""
        from particleforge.models.classifier.pooled import PooledUNet

        return PooledUNet(self.config or SMALL, classes)

    def settled(self) -> Self:
        """Return it with its architecture."""
        if self.config is not None:
            return self
        body = self._body()
        return self.replace(config=SMALL if body is None else _plain(body.config))

    def begin(self, net: Any) -> bool:
        """Take over all weights of the detector that fit."""
        body = self._body()
        if body is not None and not net.body.take_over(body):
            raise UserError(
                f"No weights of {self.start} fit the architecture of the classifier.",
                "Leave out the architecture, which is then that of the detector, or start from scratch.",
            )
        return body is not None

    def _body(self) -> UNet | None:
        if self.start == SCRATCH:
            return None
        from particleforge.models.opening import open_model

        body = open_model(self.start, "detector").body
        if body is None:
            raise UserError(f"{self.start} has no U-Net to start from.", "Start from base or from scratch.")
        return body


def _plain(config: UNetConfig) -> UNetConfig:
    """Return the part of an architecture that concerns the U-Net alone."""
    return UNetConfig.parse({name: getattr(config, name) for name in UNetConfig.model_fields})
