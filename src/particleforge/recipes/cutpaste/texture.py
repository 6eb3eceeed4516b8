"""Texture synthesis from exemplar patches."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from particleforge.recipes.cutpaste import kernels

Floats = npt.NDArray[np.float32]


MAX_CORNERS = 65536
"""Number of places patches are taken from; more need memory but add no variety."""


@dataclass(frozen=True, eq=False)
class Exemplar:
    """An image and where square patches of `side` pixels can be taken from it (their top-left corners)."""

    image: Floats
    corners: npt.NDArray[np.int64]
    side: int


def exemplar(image: Floats, background: npt.NDArray[np.bool_], side: int, least: int = 4) -> Exemplar | None:
    """Find where patches of sure background can be taken; the side shrinks until there are at least `least` of them.

    Returns None if not even a 3 px patch fits.
    """
    room = ndimage.distance_transform_cdt(np.pad(background, 1), "chessboard")[1:-1, 1:-1]
    side = min(side, *image.shape)
    while side >= 3:
        centres = np.argwhere(room >= side // 2 + 1)
        corners = centres - side // 2
        inside = (corners >= 0).all(1) & (corners + side <= image.shape).all(1)
        if inside.sum() >= least:
            kept = corners[inside]
            return Exemplar(image, kept[:: max(1, len(kept) // MAX_CORNERS)], side)
        side = side * 3 // 4
    return None


def weave(source: Exemplar, shape: tuple[int, int], rng: np.random.Generator) -> Floats:
    """Weave a canvas of random, flipped and rotated patches that overlap by half.

    Patches are added minus their own means and divided by the root of the summed squared weights: this keeps the
    variance of the grain, which a plain average would halve where patches overlap. The means become a smooth
    surface, so that uneven illumination of the source does not cause blotches the size of a patch.

    Parameters
    ----------
    source
        The image and the places of the patches.
    shape
        (Y, X) of the canvas.
    rng
        Chooses the patches.
    """
    side = source.side
    step = max(side // 2, 1)
    rows, columns = (-(-length // step) + 1 for length in shape)
    corners = source.corners[rng.integers(len(source.corners), size=rows * columns)]
    ramp = np.sin(np.pi * (np.arange(side) + 0.5) / side).astype(np.float32)
    total = np.zeros(((rows + 1) * step + side, (columns + 1) * step + side), np.float32)
    power = np.zeros_like(total)
    turns = rng.integers(8, size=len(corners))
    kernels.lay_patches(source.image, corners, turns, np.outer(ramp, ramp), columns, total, power)
    inner = slice(step, step + shape[0]), slice(step, step + shape[1])
    woven: Floats = total[inner] / np.sqrt(power[inner]) + _smooth_surface(_levels(source, rng), shape, rng)
    return woven


def _levels(source: Exemplar, rng: np.random.Generator, count: int = 64) -> Floats:
    """Means of some patches."""
    offsets = np.arange(source.side)
    corners = source.corners[rng.integers(len(source.corners), size=count)]
    patches = source.image[corners[:, 0, None, None] + offsets[:, None], corners[:, 1, None, None] + offsets[None, :]]
    return np.asarray(patches.mean((1, 2)), np.float32)


def _smooth_surface(levels: Floats, shape: tuple[int, int], rng: np.random.Generator) -> Floats:
    """Smooth surface through randomly chosen levels at 3 x 3 nodes.

    Written as sums, not as matrix products, whose idle threads would take cores from other workers.
    """
    nodes = rng.choice(levels, (3, 3))
    down, across = _weights(shape[0]), _weights(shape[1])
    rows = [sum(nodes[i, j] * across[j] for j in range(3)) for i in range(3)]
    return np.asarray(sum(down[i][:, None] * rows[i][None, :] for i in range(3)), np.float32)


def _weights(length: int) -> list[Floats]:
    """Weights of quadratic interpolation between three nodes at the ends and the middle."""
    t = np.linspace(0, 2, length, dtype=np.float32)
    return [(1 - t) * (2 - t) / 2, t * (2 - t), t * (t - 1) / 2]
