"""What PNG, JPEG and BMP have in common: Pillow reads them."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from particleforge.store.calibration import ImageFile, calibrate
from particleforge.store.pixels import Pages
from particleforge.store.readers._orientation import on_orientation
from particleforge.store.source import Source

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile as OpenImage

Kind: TypeAlias = "Callable[[Path], OpenImage]"
"""Class of Pillow for a format. `PIL.Image.open` would refuse large images; here the memory that is free decides."""

_ORIENTATION = 274
_PLAIN = {"1", "L", "LA", "I", "I;16", "I;16B", "F", "RGB", "RGBA"}
"""Modes whose numbers are what is seen."""
_DEEP = ";16B"
"""End of Pillow's name for bands of 16 bit in a PNG."""


def open_image(path: Path, kind: Kind, lossy: bool) -> Source:
    """Open an image of a kind Pillow knows; palettes and colours of print become RGB.

    The resolution in such files is for print; only a text file next to the image can state its pixel size. The image is
    never turned, whatever its EXIF orientation.
    """
    from PIL.Image import Image

    with kind(path) as image:
        mode = image.mode
        if mode == "P" and image.palette is None:
            raise ValueError("its palette is missing")
        deep = [str(one.args) for one in image.tile if str(one.args).endswith(_DEEP) and len(image.getbands()) > 1]
        seen = mode if mode in _PLAIN else "RGBA" if image.has_transparency_data else "RGB"
        scale = calibrate(ImageFile(path, (image.height, image.width)))
        about: dict[str, Any] = {"pixel_size_nm": scale.size_nm, "size_remarks": scale.remarks, "lossy": lossy}
        about |= {"size_source": scale.source, "remarks": on_orientation(Image.getexif(image).get(_ORIENTATION))}
        if deep:
            return _deep_source(path, image.size, len(deep[0].removesuffix(_DEEP)), about)
        stored = _source(path, kind, image.size, mode, about)
        return stored if seen == mode else _source(path, kind, image.size, seen, about | {"stored": stored})


def _source(path: Path, kind: Kind, size: tuple[int, int], mode: str, about: Mapping[str, Any]) -> Source:
    from PIL.ImageMode import getmode

    def read(_: int) -> np.ndarray:
        with kind(path) as image:
            return np.asarray(image if image.mode == mode else image.convert(mode))

    found = getmode(mode)
    width, height = size
    shape = (height, width) if len(found.bands) == 1 else (height, width, len(found.bands))
    pixels = Pages((), shape, found.typestr, read)
    return Source.of(pixels, "YXC"[: len(shape)], path, **about)


def _deep_source(path: Path, size: tuple[int, int], bands: int, about: Mapping[str, Any]) -> Source:
    """Source of a PNG with several bands of 16 bit, of which Pillow keeps 8 only."""

    def read(_: int) -> np.ndarray:
        from imagecodecs import png_decode

        return np.asarray(png_decode(path.read_bytes()))

    return Source.of(Pages((), (size[1], size[0], bands), np.uint16, read), "YXC", path, **about)
