"""Run a network over an image of any size and find the rods in it."""

import numpy as np
import numpy.typing as npt

from particleforge.models.rods.decode import Decoded, decode
from particleforge.models.rods.network import SCALES
from particleforge.models.runner import Runner
from particleforge.models.scaled_options import TILE_PX
from particleforge.models.tiles import tiles
from particleforge.step import Progress, Step

Floats = npt.NDArray[np.float32]
FAINTEST = 0.1
"""Least centrality of points that say anything about a rod."""
MARGIN = 4
"""Points of the grid by which an image is extended on every side: rods may be cut by its border."""


def find_rods(runner: Runner, image: Floats, threshold: float, tile_px: int = TILE_PX) -> Step[Decoded]:
    """Find the rods in a normalised image at working scale, tile by tile if it is large.

    Tiles overlap by the receptive field of the network and start at multiples of its divisor, so tiling does not
    change the result.

    Parameters
    ----------
    runner
        The network.
    image
        (Y, X) float32.
    threshold
        Least centrality of the most central point of a rod.
    tile_px
        Largest side of a tile, without the overlap.
    """
    config = runner.config
    border = [MARGIN * step for step in config.grid]
    missing = [
        -(length + 2 * rim) % step for length, rim, step in zip(image.shape, border, config.divisor, strict=True)
    ]
    # mirrored, as repeated pixels of the border are streaks that look like rods
    rims = [(rim, rim + short) for rim, short in zip(border, missing, strict=True)]
    padded = np.pad(image, rims, mode="symmetric")
    parts = list(tiles(padded.shape, config, tile_px))
    found: list[tuple[Floats, Floats, npt.NDArray[np.int64]]] = []
    for done, tile in enumerate(parts, start=1):
        seen = runner(padded[tile.seen])
        whole, own = tile.on_grid(config.grid)
        prob = seen.prob[own]
        cells = np.argwhere(prob >= FAINTEST)
        rod = seen.described(cells + [side.start for side in own])
        found.append((prob[tuple(cells.T)], rod, cells + [side.start for side in whole]))
        yield Progress(done, len(parts))
    prob, rod, cells = (np.concatenate(parts) for parts in zip(*found, strict=True))
    points = cells * np.array(config.grid, float) - np.array(border, float)
    inside = ((points > -np.array(border)) & (points < np.array(image.shape) + border)).all(1)
    geometry = rod * np.array(SCALES, np.float32)
    return decode(prob[inside], geometry[inside], points[inside], threshold)
