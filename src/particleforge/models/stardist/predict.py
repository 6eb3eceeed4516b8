"""Run a network over an image of any size."""

import numpy as np
import numpy.typing as npt

from particleforge.models.stardist.config import StarDistConfig
from particleforge.models.stardist.network import StarDistNet
from particleforge.models.stardist.options import TILE_PX
from particleforge.models.stardist.runner import Runner
from particleforge.models.stardist.tiles import tiles
from particleforge.step import Progress, Step, run

Floats = npt.NDArray[np.float32]


def network_maps(net: StarDistNet, image: Floats, tile_px: int = TILE_PX) -> tuple[Floats, Floats]:
    """Predict the maps of a normalised image with a network as it is now; see `map_steps`."""
    return run(map_steps(Runner(net), image, tile_px))


def map_steps(runner: Runner, image: Floats, tile_px: int = TILE_PX) -> Step[tuple[Floats, Floats]]:
    """Predict probability and distances of a normalised image, tile by tile if it is large.

    Tiles overlap by the receptive field of the network and start at multiples of its divisor, so tiling does not
    change the result.

    Parameters
    ----------
    runner
        The network.
    image
        (Y, X) float32. It is extended by mirroring to a multiple of the network's divisor.
    tile_px
        Largest side of a tile, without the overlap.

    Returns
    -------
    prob, dist
        (h, w) and (h, w, n_rays) float32 on the grid of the padded image.
    """
    config = runner.config
    padded = _padded(image, config)
    height, width = (length // step for length, step in zip(padded.shape, config.grid, strict=True))
    prob, dist = np.empty((height, width), np.float32), np.empty((height, width, config.n_rays), np.float32)
    parts = list(tiles(padded.shape, config, tile_px))
    for done, tile in enumerate(parts, start=1):
        found = runner(padded[tile.seen])
        whole, own = tile.on_grid(config.grid)
        prob[whole] = found.prob[own]
        cells = np.argwhere(np.ones(prob[whole].shape, bool)) + np.array([side.start for side in own])
        dist[whole] = found.dist(cells).reshape(dist[whole].shape)
        yield Progress(done, len(parts))
    return prob, dist


def _padded(image: Floats, config: StarDistConfig) -> Floats:
    missing = [-length % step for length, step in zip(image.shape, config.divisor, strict=True)]
    return np.pad(image, [(0, short) for short in missing], mode="reflect") if any(missing) else image
