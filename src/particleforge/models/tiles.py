"""Divide a large image into tiles of equal size."""

from collections.abc import Iterator
from itertools import pairwise, product
from typing import NamedTuple, TypeAlias

from particleforge.models.unet_config import UNetConfig

Window: TypeAlias = tuple[slice, slice]


class Tile(NamedTuple):
    """Part of an image that is seen at once, and the part of it in which the result does not depend on the rest.

    Parameters
    ----------
    seen, kept
        In pixels of the image.
    """

    seen: Window
    kept: Window

    def on_grid(self, grid: tuple[int, int]) -> tuple[Window, Window]:
        """Return what is kept, in points of the grid: of the whole image, and of the tile."""
        (y, x), (step_y, step_x) = (side.start for side in self.seen), grid
        rows, columns = self.kept
        return (
            (slice(rows.start // step_y, rows.stop // step_y), slice(columns.start // step_x, columns.stop // step_x)),
            (
                slice((rows.start - y) // step_y, (rows.stop - y) // step_y),
                slice((columns.start - x) // step_x, (columns.stop - x) // step_x),
            ),
        )


def tiles(shape: tuple[int, ...], config: UNetConfig, tile_px: int) -> Iterator[Tile]:
    """Yield tiles that cover an image; the kept parts do not overlap.

    Parameters
    ----------
    shape
        (Y, X), multiples of the divisor of the network.
    config
        How far the network looks around a point.
    tile_px
        Largest side of what is kept of a tile.
    """
    axes = []
    for length, divisor, halo in zip(shape, config.divisor, config.halo_px, strict=True):
        margin = -(-halo // divisor) * divisor
        steps, most = length // divisor, max(1, tile_px // divisor)
        count = -(-steps // most)
        edges = [steps * i // count * divisor for i in range(count + 1)]
        axes.append([(slice(max(0, a - margin), min(length, b + margin)), slice(a, b)) for a, b in pairwise(edges)])
    for (rows_seen, rows), (columns_seen, columns) in product(*axes):
        yield Tile((rows_seen, columns_seen), (rows, columns))
