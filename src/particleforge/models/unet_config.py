"""Architecture of a U-Net, the body of several kinds of networks."""

from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, field_validator, model_validator

from particleforge.params import Params

MOST_DIVISOR = 1024
"""Largest number of pixels that the sides of an image are filled up to a multiple of."""
Step: TypeAlias = Annotated[int, Field(ge=1, le=64)]
Kernel: TypeAlias = Annotated[int, Field(ge=1, le=31)]
Pool: TypeAlias = Annotated[int, Field(ge=1, le=16)]
Activation: TypeAlias = Literal["relu", "elu", "selu", "tanh", "sigmoid", "linear"]


class UNetConfig(Params):
    """Architecture of a U-Net; names and meaning are those of the official StarDist package (0.9)."""

    grid: tuple[Step, Step] = Field((2, 2), description="Pixels per predicted point along Y and X; powers of 2.")
    n_channel_in: Literal[1] = Field(1, description="Channels of the image; grey images have 1.")
    unet_n_depth: int = Field(3, ge=1, le=7, description="How often the U-Net halves the resolution.")
    unet_kernel_size: tuple[Kernel, Kernel] = Field((3, 3), description="Size of the convolutions; odd.")
    unet_n_filter_base: int = Field(
        32, ge=1, le=512, description="Features at full resolution; doubled at each halving."
    )
    unet_n_conv_per_depth: int = Field(2, ge=1, le=16, description="Convolutions at each resolution.")
    unet_pool: tuple[Pool, Pool] = Field((2, 2), description="Pixels pooled into one along Y and X.")
    unet_activation: Activation = Field("relu", description="Activation after every convolution.")
    unet_last_activation: Activation | None = Field(
        "relu", description="Activation after the U-Net's last convolution; empty: unet_activation."
    )
    unet_batch_norm: bool = Field(False, description="Normalise features over the batch; learns faster.")
    unet_prefix: str = Field("", max_length=100, description="Prefix of the names of the U-Net's layers.")
    net_conv_after_unet: int = Field(
        128, ge=0, le=4096, description="Features of the convolution after the U-Net; 0 = none."
    )

    @field_validator("grid")
    @classmethod
    def _powers_of_two(cls, grid: tuple[int, int]) -> tuple[int, int]:
        if any(step & (step - 1) for step in grid):
            raise ValueError("each number must be a power of 2")
        return grid

    @field_validator("unet_kernel_size")
    @classmethod
    def _odd(cls, size: tuple[int, int]) -> tuple[int, int]:
        if any(length % 2 == 0 for length in size):
            raise ValueError("each number must be odd")
        return size

    @model_validator(mode="after")
    def _bearable(self) -> Self:
        if max(self.divisor) > MOST_DIVISOR:
            raise ValueError(
                f"unet_pool {self.unet_pool} to the power of unet_n_depth {self.unet_n_depth}, times grid {self.grid}, "
                f"is {self.divisor} px; at most {MOST_DIVISOR} px are possible"
            )
        return self

    @property
    def divisor(self) -> tuple[int, int]:
        """Numbers by which height and width of the network's input must be divisible."""
        y, x = (pool**self.unet_n_depth * step for pool, step in zip(self.unet_pool, self.grid, strict=True))
        return y, x

    @property
    def grid_pools(self) -> list[tuple[int, int]]:
        """Poolings by 2 that lead from pixels to the grid; (1, 4) takes two along X and none along Y."""
        pools, y, x = [], 1, 1
        while (y, x) != self.grid:
            pool = (2 if self.grid[0] > y else 1, 2 if self.grid[1] > x else 1)
            pools.append(pool)
            y, x = y * pool[0], x * pool[1]
        return pools

    @property
    def halo_px(self) -> tuple[int, int]:
        """Largest distance along Y and X of an input pixel from an output point it influences."""
        return self._halo(0), self._halo(1)

    def _halo(self, axis: int) -> int:
        """Trace back to the input which rows (axis 0) or columns (axis 1) a block of output points needs."""
        radius = self.unet_kernel_size[axis] // 2
        convs = radius * self.unet_n_conv_per_depth
        pool = self.unet_pool[axis]
        block = pool**self.unet_n_depth

        def needed(level: int, low: int, high: int) -> tuple[int, int]:
            low, high = low - convs, high + convs
            if level == self.unet_n_depth:
                return low, high
            deep_low, deep_high = needed(level + 1, low // pool, high // pool)
            return min(low, deep_low * pool) - convs, max(high, deep_high * pool + pool - 1) + convs

        top = radius if self.net_conv_after_unet else 0
        low, high = 0, 0
        for first in range(block):
            first_low, first_high = needed(0, first - top, first + top)
            low, high = max(low, first - first_low), max(high, first_high - first)
        reach = max(low, high)
        for pools in reversed(self.grid_pools):
            reach = pools[axis] * reach + pools[axis] - 1 + convs
        return reach
