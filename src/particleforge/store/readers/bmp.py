"""BMP: grey, colours, palettes."""

from pathlib import Path

from particleforge.store.readers._pillow import open_image
from particleforge.store.source import Source

SUFFIXES = (".bmp",)
STARTS = (b"BM",)


def open(path: Path) -> Source:
    """Open a BMP."""
    from PIL.BmpImagePlugin import BmpImageFile

    return open_image(path, BmpImageFile, lossy=False)
