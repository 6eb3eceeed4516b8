"""Texture synthesis from exemplar patches."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Exemplar:
    """An image and where square patches of `side` pixels can be taken from it (their top-left corners)."""

    image: Floats
    corners: npt.NDArray[np.int64]
    side: int
    mean: float


def exemplar(image: Floats, background: npt.NDArray[np.bool_], side: int, least: int = 4) -> Exemplar | None:
    """Where patches of sure background can be taken; the side shrinks until there are `least` of them.

    Returns None where not even a 3 px patch fits.
    """
    room = ndimage.distance_transform_cdt(np.pad(background, 1), "chessboard")[1:-1, 1:-1]
    side = min(side, *image.shape)
    while side >= 3:
        centres = np.argwhere(room >= side // 2 + 1)
        corners = centres - side // 2
        inside = (corners >= 0).all(1) & (corners + side <= image.shape).all(1)
        if inside.sum() >= least:
            return Exemplar(image, corners[inside], side, float(image[background].mean()))
        side = side * 3 // 4
    return None


def weave(source: Exemplar, shape: tuple[int, int], rng: np.random.Generator) -> Floats:
    """Canvas of random, flipped and turned patches that overlap by half.

    Patches are added about the mean and divided by the root of the summed squared weights: this keeps the
    variance of the grain, which a plain average would halve where patches overlap.

    Parameters
    ----------
    source
        Where the patches come from.
    shape
        (Y, X) of the canvas.
    rng
        Chooses the patches.
    """
    side = source.side
    step = max(side // 2, 1)
    rows, columns = (-(-length // step) + 1 for length in shape)
    corners = source.corners[rng.integers(len(source.corners), size=rows * columns)]
    offsets = np.arange(side)
    patches = source.image[
        corners[:, 0, None, None] + offsets[:, None], corners[:, 1, None, None] + offsets[None, :]
    ] - np.float32(source.mean)
    turn = rng.integers(8, size=len(patches))
    for k in range(1, 8):
        chosen = turn == k
        turned = np.rot90(patches[chosen], k % 4, axes=(1, 2))
        patches[chosen] = turned[:, :, ::-1] if k >= 4 else turned
    ramp = np.sin(np.pi * (offsets + 0.5) / side).astype(np.float32)
    window = np.outer(ramp, ramp)
    patches *= window
    total = np.zeros(((rows + 1) * step + side, (columns + 1) * step + side), np.float32)
    power = np.zeros_like(total)
    for i, patch in enumerate(patches):
        y, x = (i // columns) * step, (i % columns) * step
        total[y : y + side, x : x + side] += patch
        power[y : y + side, x : x + side] += window**2
    inner = slice(step, step + shape[0]), slice(step, step + shape[1])
    woven: Floats = total[inner] / np.sqrt(power[inner]) + np.float32(source.mean)
    return woven
