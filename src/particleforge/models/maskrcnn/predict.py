"""Find particles in an image of any size, tile by tile if it is large."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt
import torch

from particleforge.errors import UserError
from particleforge.mask import Mask
from particleforge.models.maskrcnn.masks import pasted, without_duplicates
from particleforge.models.maskrcnn.network import MaskRCNNNet
from particleforge.models.weights import COPY
from particleforge.step import Progress, Step

Floats: TypeAlias = npt.NDArray[np.float32]
Window: TypeAlias = tuple[slice, slice]
LEAST_TILE_PX = 128
"""Side of a tile from which on it is not divided further."""


@dataclass(frozen=True)
class Limits:
    """What counts as a particle, and how many there may be.

    Parameters
    ----------
    least_score
        Smallest score.
    overlap
        Largest overlap (IoU) of the masks of two particles.
    most
        Largest number of particles in a tile; one with more is divided.
    tile_px
        Largest side of a tile, without what surrounds it.
    reach_px
        Largest side of a particle's box, in pixels the network sees.
    """

    least_score: float
    overlap: float = 0.5
    most: int = 1000
    tile_px: int = 768
    reach_px: float = 64.0


class Objects(NamedTuple):
    """Particles in an image.

    Parameters
    ----------
    masks
        Of each particle, in pixels of the image.
    scores
        (n,) falling.
    classes
        (n,) numbers from 0 on.
    crowded
        Whether a tile that cannot be divided further held more particles than are possible.
    """

    masks: Sequence[Mask]
    scores: Floats
    classes: npt.NDArray[np.int64]
    crowded: bool = False


class Shown(Protocol):
    """An image as the network sees it, of which windows are read or computed on demand."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Height and width."""
        ...

    def __getitem__(self, window: Window, /) -> Floats: ...


def object_steps(net: MaskRCNNNet, seen: Floats, shape: tuple[int, int], limits: Limits) -> Step[Objects]:
    """Find all particles.

    A particle belongs to the tile that holds the middle of its box. What surrounds a tile is as wide as the network
    sees, and half the longest particle more, so tiling hardly changes the result.

    Parameters
    ----------
    net
        The network, switched to prediction.
    seen
        (Y, X) normalised grey values at working scale.
    shape
        (Y, X) of the image in whose pixels the particles are described.
    limits
        See `Limits`.
    """
    step = net.divisor
    padded = np.pad(seen, [(0, -length % step) for length in seen.shape], mode="symmetric")
    factors = (seen.shape[0] / shape[0], seen.shape[1] / shape[1])
    waiting = list(_tiles(padded.shape, limits.tile_px, step))
    every = yield from objects_in(net, padded, waiting, factors, shape, limits)
    chosen = without_duplicates(every.masks, every.scores, limits.overlap, shape)
    return Objects([every.masks[index] for index in chosen], every.scores[chosen], every.classes[chosen], every.crowded)


def objects_in(
    net: MaskRCNNNet,
    padded: Shown,
    windows: Sequence[Window],
    factors: tuple[float, float],
    shape: tuple[int, int],
    limits: Limits,
) -> Step[Objects]:
    """Find the particles in some windows, in any order; some may be found twice.

    Parameters
    ----------
    net
        The network, switched to prediction.
    padded
        Normalised grey values at working scale; sides are multiples of the divisor of the network.
    windows
        Where the middles of their boxes lie; on multiples of the divisor.
    factors
        Pixels that the network sees per pixel of the image, along y and x.
    shape
        (Y, X) of the image in whose pixels the particles are described.
    limits
        See `Limits`.
    """
    net.limit(limits.least_score, limits.most)
    step, waiting = net.divisor, list(windows)
    margin = step * int(np.ceil((net.halo_px + limits.reach_px / 2) / step))
    masks, scores, classes, crowded, done = list[Mask](), list[Floats](), list[npt.NDArray[np.int64]](), False, 0
    while waiting:
        kept = waiting.pop(0)
        boxes, marks, kinds, soft = _in_tile(net, padded, kept, margin)
        if len(boxes) == limits.most:
            if parts := _divided(kept, step):
                waiting = parts + waiting
                continue
            crowded = True
        own = _with_middle_in(boxes, kept)
        placed = [pasted(soft[index], boxes[index], factors, shape) for index in np.flatnonzero(own)]
        there = np.flatnonzero(own)[[mask is not None for mask in placed]]
        masks += [mask for mask in placed if mask is not None]
        scores.append(marks[there])
        classes.append(kinds[there])
        done += 1
        yield Progress(done, done + len(waiting))
    return Objects(masks, np.concatenate(scores), np.concatenate(classes), crowded)


@torch.inference_mode()
def _in_tile(
    net: MaskRCNNNet, image: Shown, kept: Window, margin: int
) -> tuple[Floats, Floats, npt.NDArray[np.int64], Floats]:
    """Boxes in pixels of the image, scores, classes from 0 on, and masks of all particles in and around a tile."""
    rows, columns = (
        slice(max(0, side.start - margin), min(length, side.stop + margin))
        for side, length in zip(kept, image.shape, strict=True)
    )
    tile = torch.from_numpy(np.ascontiguousarray(image[rows, columns]))[None, None]
    (found,) = net(tile.to(next(net.parameters()).device))
    boxes, scores, labels, masks = (found[name].cpu().numpy() for name in ("boxes", "scores", "labels", "masks"))
    if not (np.isfinite(boxes).all() and np.isfinite(masks).all()):
        raise UserError("The network gives numbers that are not finite, so nothing can be found with it.", COPY)
    corner = np.array([columns.start, rows.start, columns.start, rows.start], np.float32)
    return boxes + corner, scores, labels - 1, masks[:, 0]


def _with_middle_in(boxes: Floats, window: Window) -> npt.NDArray[np.bool_]:
    """(n,) whether the middle of each box lies in a window."""
    y, x = (boxes[:, 1] + boxes[:, 3]) / 2, (boxes[:, 0] + boxes[:, 2]) / 2
    rows, columns = window
    return np.asarray((y >= rows.start) & (y < rows.stop) & (x >= columns.start) & (x < columns.stop))


def _tiles(shape: tuple[int, ...], tile_px: int, step: int) -> Iterator[Window]:
    """Windows of about equal size that cover an image; edges lie at multiples of `step`."""
    axes = []
    for length in shape:
        steps = length // step
        count = -(-steps // max(1, tile_px // step))
        edges = [steps * k // count * step for k in range(count + 1)]
        axes.append([slice(*edges[k : k + 2]) for k in range(count)])
    rows, columns = axes
    yield from product(rows, columns)


def _divided(window: Window, step: int) -> list[Window]:
    """Four parts of a window, edges at multiples of `step`; none if they would be too small."""
    if min(side.stop - side.start for side in window) < 2 * max(LEAST_TILE_PX, step):
        return []
    rows, columns = [
        (slice(side.start, middle), slice(middle, side.stop))
        for side in window
        for middle in [side.start + (side.stop - side.start) // (2 * step) * step]
    ]
    return list(product(rows, columns))
