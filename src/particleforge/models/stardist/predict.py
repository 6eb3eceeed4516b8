"""Run a network over an image of any size."""

import numpy as np
import numpy.typing as npt
import torch

from particleforge.errors import UserError
from particleforge.models.stardist.config import StarDistConfig
from particleforge.models.stardist.network import StarDistNet
from particleforge.models.stardist.options import TILE_PX
from particleforge.models.stardist.tiles import tiles
from particleforge.models.weights import COPY
from particleforge.step import Progress, Step, run

Floats = npt.NDArray[np.float32]


def network_maps(net: StarDistNet, image: Floats, tile_px: int = TILE_PX) -> tuple[Floats, Floats]:
    """Predict the maps of a normalised image; see `map_steps`."""
    return run(map_steps(net, image, tile_px))


def map_steps(net: StarDistNet, image: Floats, tile_px: int = TILE_PX) -> Step[tuple[Floats, Floats]]:
    """Predict probability and distances of a normalised image, tile by tile if it is large.

    Tiles overlap by the receptive field of the network and start at multiples of its divisor, so tiling does not
    change the result.

    Parameters
    ----------
    net
        The network, on any device.
    image
        (Y, X) float32. It is extended by mirroring to a multiple of the network's divisor.
    tile_px
        Largest side of a tile, without the overlap.

    Returns
    -------
    prob, dist
        (h, w) and (h, w, n_rays) float32 on the grid of the padded image.
    """
    config = net.config
    padded = _padded(image, config)
    height, width = (length // step for length, step in zip(padded.shape, config.grid, strict=True))
    prob, dist = np.empty((height, width), np.float32), np.empty((height, width, config.n_rays), np.float32)
    parts = list(tiles(padded.shape, config, tile_px))
    net.eval()
    for done, tile in enumerate(parts, start=1):
        tile_prob, tile_dist = _run(net, padded[tile.seen])
        whole, own = tile.on_grid(config.grid)
        prob[whole], dist[whole] = tile_prob[own], tile_dist[own]
        yield Progress(done, len(parts))
    return prob, dist


@torch.inference_mode()
def _run(net: StarDistNet, tile: Floats) -> tuple[Floats, Floats]:
    device = next(net.parameters()).device
    tensor = torch.from_numpy(np.ascontiguousarray(tile))[None, None]
    logits, dist = net(tensor.to(device).contiguous(memory_format=torch.channels_last))
    if not (torch.isfinite(logits).all() and torch.isfinite(dist).all()):
        raise UserError("The network gives numbers that are not finite, so nothing can be found with it.", COPY)
    return torch.sigmoid(logits)[0, 0].cpu().numpy(), dist[0].permute(1, 2, 0).cpu().numpy()


def _padded(image: Floats, config: StarDistConfig) -> Floats:
    missing = [-length % step for length, step in zip(image.shape, config.divisor, strict=True)]
    return np.pad(image, [(0, short) for short in missing], mode="reflect") if any(missing) else image
