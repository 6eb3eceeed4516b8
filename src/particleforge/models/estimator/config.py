"""Sizes of an estimator's network."""

from pydantic import Field, PositiveInt, model_validator

from particleforge.params import Params


class NetworkConfig(Params):
    """Sizes of the layers: blocks of convolutions, each with a max pooling behind it, then dense layers."""

    fold: int = Field(
        1, ge=1, le=16, description="So many by so many pixels become channels of one: quicker, and nothing is lost."
    )
    convolutions: tuple[PositiveInt, ...] = Field(
        (3, 2, 2, 2), min_length=1, max_length=8, description="3 x 3 convolutions in each block."
    )
    channels: tuple[PositiveInt, ...] = Field((8, 16, 24, 32), description="Their channels, for each block.")
    global_pooling: bool = Field(
        False,
        description="Whether the mean over all places goes into the dense layers, not every place by itself: what is "
        "alike everywhere, such as how particles are mixed, is learned in far fewer steps.",
    )
    hidden: PositiveInt = Field(64, description="Features of the dense layers between.")
    features: PositiveInt = Field(112, description="Features an image is told by.")

    @model_validator(mode="after")
    def _paired(self) -> "NetworkConfig":
        if len(self.convolutions) != len(self.channels):
            raise ValueError(f"{len(self.convolutions)} blocks of convolutions but {len(self.channels)} of channels")
        return self
