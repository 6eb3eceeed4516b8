"""Run a network over an image of any size."""

import math

import numpy as np
import numpy.typing as npt

from particleforge.models.runner import Runner
from particleforge.models.scaled_options import TILE_PX
from particleforge.models.stardist.distances import SomeDistances
from particleforge.models.stardist.network import StarDistNet
from particleforge.models.tiles import tiles
from particleforge.models.unet_config import UNetConfig
from particleforge.step import Progress, Step, run

Floats = npt.NDArray[np.float32]


def network_maps(net: StarDistNet, image: Floats, tile_px: int = TILE_PX) -> tuple[Floats, Floats]:
    """Predict the maps of a normalised image with a network as it is now, at all points; see `map_steps`.

    Returns
    -------
    prob, dist
        (h, w) and (h, w, n_rays) float32.
    """
    prob, dist = run(map_steps(Runner(net), image, tile_px))
    return prob, dist.everywhere()


def map_steps(
    runner: Runner, image: Floats, tile_px: int = TILE_PX, least_prob: float = -math.inf
) -> Step[tuple[Floats, SomeDistances]]:
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
    least_prob
        Distances are computed only where the probability is at least this.

    Returns
    -------
    prob, dist
        (h, w) float32 and distances on the grid of the padded image.
    """
    config = runner.config
    padded = _padded(image, config)
    height, width = (length // step for length, step in zip(padded.shape, config.grid, strict=True))
    prob, index = np.empty((height, width), np.float32), np.full((height, width), -1, np.int32)
    parts, values, count = list(tiles(padded.shape, config, tile_px)), list[Floats](), 0
    for done, tile in enumerate(parts, start=1):
        found = runner(padded[tile.seen])
        whole, own = tile.on_grid(config.grid)
        prob[whole] = found.prob[own]
        wanted = prob[whole] >= least_prob
        values.append(found.described(np.argwhere(wanted) + np.array([side.start for side in own])))
        index[whole][wanted] = np.arange(count, count := count + len(values[-1]))
        yield Progress(done, len(parts))
    return prob, SomeDistances(index, np.concatenate(values))


def _padded(image: Floats, config: UNetConfig) -> Floats:
    missing = [-length % step for length, step in zip(image.shape, config.divisor, strict=True)]
    return np.pad(image, [(0, short) for short in missing], mode="reflect") if any(missing) else image
