"""Division of an image into square tiles."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import TypeAlias

from particleforge.models.detections import Window

Tile: TypeAlias = tuple[int, int]
"""Row and column of a tile."""


@dataclass(frozen=True)
class TileGrid:
    """Tiles that cover an image without overlap, row by row.

    Parameters
    ----------
    shape
        (Y, X) of the image.
    core_px
        Side of a tile; those at the lower and right edge may be smaller.
    """

    shape: tuple[int, int]
    core_px: int

    def __iter__(self) -> Iterator[Tile]:
        rows, columns = (range(-(-length // self.core_px)) for length in self.shape)
        return product(rows, columns)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def window(self, tile: Tile) -> Window:
        """Pixels of a tile."""
        rows, columns = (
            slice(i * self.core_px, min((i + 1) * self.core_px, length))
            for i, length in zip(tile, self.shape, strict=True)
        )
        return rows, columns

    def around(self, tile: Tile, margin_px: int) -> Window:
        """Pixels of a tile and around it, as far as they lie in the image."""
        rows, columns = (
            slice(max(0, side.start - margin_px), min(length, side.stop + margin_px))
            for side, length in zip(self.window(tile), self.shape, strict=True)
        )
        return rows, columns

    def over(self, window: Window) -> list[Tile]:
        """Tiles that hold pixels of a window."""
        rows, columns = (range(side.start // self.core_px, -(-side.stop // self.core_px)) for side in window)
        return list(product(rows, columns))
