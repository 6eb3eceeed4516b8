"""Sizes of the network of an estimator."""

from typing import Annotated, TypeAlias

from pydantic import Field, model_validator

from particleforge.params import Params

Convolutions: TypeAlias = Annotated[int, Field(ge=1, le=16)]
Channels: TypeAlias = Annotated[int, Field(ge=1, le=1024)]


class NetworkConfig(Params):
    """Sizes of the layers: blocks of convolutions, each followed by max pooling, then dense layers."""

    fold: int = Field(
        1,
        ge=1,
        le=16,
        description="Side of the blocks of pixels that become channels of a single pixel: faster, and without loss.",
    )
    convolutions: tuple[Convolutions, ...] = Field(
        (3, 2, 2, 2), min_length=1, max_length=8, description="3 x 3 convolutions in each block."
    )
    channels: tuple[Channels, ...] = Field((8, 16, 24, 32), description="Channels in each block.")
    global_pooling: bool = Field(
        False,
        description="Whether the dense layers receive the mean over all positions instead of each position: what is "
        "the same everywhere, for example how particles are mixed, is learned in far fewer steps.",
    )
    hidden: int = Field(64, ge=1, le=4096, description="Features of the intermediate dense layers.")
    features: int = Field(112, ge=1, le=4096, description="Features that describe an image.")

    @model_validator(mode="after")
    def _paired(self) -> "NetworkConfig":
        if len(self.convolutions) != len(self.channels):
            raise ValueError(f"{len(self.convolutions)} blocks of convolutions but {len(self.channels)} of channels")
        return self
