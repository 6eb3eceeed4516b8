"""Which image of a TIFF is the main one, and what the numbers of its pages show."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from particleforge.errors import UserError

if TYPE_CHECKING:
    from tifffile import TiffPage, TiffPageSeries

Array = npt.NDArray[Any]

_THUMBNAIL = 0.5
"""Share of the pixels of the largest image below which another one is a thumbnail of it."""
_OLYMPUS_SIS = 33560
_INKS = 4


def main_image(series: "Sequence[TiffPageSeries]") -> int:
    """Find the first image that is not a thumbnail; of Olympus SIS the one with the data, not its coloured copy."""
    sizes = [one.keyframe.imagelength * one.keyframe.imagewidth for one in series]
    large = [number for number, size in enumerate(sizes) if size >= _THUMBNAIL * max(sizes)]
    return next((number for number in large if _OLYMPUS_SIS in series[number].keyframe.tags), large[0])


def shown(page: "TiffPage", path: Path) -> Callable[[Array], Array] | None:
    """Make what turns the numbers of a page into the grey values or colours they show; None if these are the same.

    Raises
    ------
    UserError
        If they are of a colour space that is not known here.
    """
    from tifffile import PHOTOMETRIC

    kind = page.photometric
    if kind == PHOTOMETRIC.PALETTE and page.colormap is not None:
        colours = np.asarray(page.colormap).T
        return lambda numbers: colours[numbers]
    if kind == PHOTOMETRIC.MINISWHITE:
        return _inverted
    cmyk = kind == PHOTOMETRIC.SEPARATED and page.samplesperpixel == _INKS and np.dtype(page.dtype).kind == "u"
    if cmyk and page.planarconfig == 1 and page.tags.valueof(332, 1) == 1:
        return _without_inks
    if kind in (PHOTOMETRIC.SEPARATED, PHOTOMETRIC.CIELAB, PHOTOMETRIC.ICCLAB, PHOTOMETRIC.ITULAB, PHOTOMETRIC.LOGLUV):
        raise UserError(
            f"{path} has {PHOTOMETRIC(kind).name} colours, which cannot be read.", "Save it as a grey image."
        )
    return None


def _inverted(pixels: Array) -> Array:
    """Turn white-is-zero into black-is-zero.

    Wide integers, as numbers without a largest one, are taken from the maximum of their page: complements of small ones
    are so large that floating-point numbers of 32 bit cannot tell them apart.
    """
    if pixels.dtype.kind in "bu" and pixels.dtype.itemsize <= 2:
        return ~pixels
    inverted: Array = pixels.max((-2, -1), keepdims=True) - pixels
    return inverted


def _without_inks(pixels: Array) -> Array:
    """Turn cyan, magenta, yellow and black into red, green and blue."""
    most = np.iinfo(pixels.dtype).max
    light = 1 - pixels.astype(np.float64) / most
    return np.rint(light[..., :3] * light[..., 3:] * most).astype(pixels.dtype)
