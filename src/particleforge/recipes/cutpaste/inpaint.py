"""Paint over holes in an image."""

import numpy as np
import numpy.typing as npt
from scipy import ndimage

Floats = npt.NDArray[np.float32]


def fill_holes(image: Floats, hole: npt.NDArray[np.bool_]) -> Floats:
    """Fill holes with a smooth continuation of their surroundings plus the grain of the background.

    The smooth part is a normalised-convolution pyramid: every scale fills what finer scales could not
    reach. The grain is the difference between the background and its smooth part, copied from one place
    per hole, so that it keeps its texture.

    Parameters
    ----------
    image
        (Y, X) float32.
    hole
        (Y, X) bool, True where pixels are to be replaced; at least one pixel must be False.
    """
    if not hole.any():
        return image.copy()
    smooth = _smooth_part(image, ~hole)
    grain = np.where(hole, 0, image - smooth)
    filled = np.where(hole, smooth, image)
    _copy_grain(filled, grain, hole)
    return filled.astype(np.float32)


def _smooth_part(image: Floats, known: npt.NDArray[np.bool_]) -> Floats:
    """Local mean of the known pixels, at the finest scale at which there are enough of them."""
    if min(image.shape) <= 2:
        return np.full_like(image, image[known].mean())
    weight = known.astype(np.float32)
    mean = ndimage.uniform_filter(image * weight, 5)
    share = ndimage.uniform_filter(weight, 5)
    local = mean / np.maximum(share, 1e-6)
    if share.min() > 0.2:
        return np.asarray(local, np.float32)
    small = share[::2, ::2]
    enough = small > 0.2
    if not enough.any():
        return np.where(share > 0.01, local, image[known].mean()).astype(np.float32)
    coarse = _smooth_part(np.where(enough, local[::2, ::2], 0).astype(np.float32), enough)
    up = _doubled(_doubled(coarse, image.shape[0]).T, image.shape[1]).T
    blend = np.clip(share / 0.2, 0, 1)
    return np.asarray(blend * local + (1 - blend) * up, np.float32)


def _doubled(coarse: Floats, length: int) -> Floats:
    """Interpolate rows linearly to `length` rows in all; the last one is repeated if needed."""
    fine = np.empty((length, coarse.shape[1]), np.float32)
    fine[::2] = coarse
    fine[1:-1:2] = (coarse[: (length - 1) // 2] + coarse[1 : (length - 1) // 2 + 1]) / 2
    if length % 2 == 0:
        fine[-1] = coarse[-1]
    return fine


def _copy_grain(filled: Floats, grain: Floats, hole: npt.NDArray[np.bool_]) -> None:
    """Add grain to each hole from the place with the most background among a few random ones."""
    rng = np.random.default_rng(0)
    free = np.flatnonzero(~hole)
    pieces, _ = ndimage.label(hole)
    for number, box in enumerate(ndimage.find_objects(pieces), start=1):
        height, width = (part.stop - part.start for part in box)
        best, share = None, -1.0
        for _ in range(12):
            top = rng.integers(hole.shape[0] - height + 1)
            left = rng.integers(hole.shape[1] - width + 1)
            window = slice(top, top + height), slice(left, left + width)
            clear = 1 - hole[window].mean()
            if clear > share:
                best, share = window, clear
        mine = pieces[box] == number
        borrowed = np.where(hole[best], grain.ravel()[rng.choice(free, (height, width))], grain[best])
        filled[box][mine] += borrowed[mine]
