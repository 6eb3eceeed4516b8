"""PNG: grey, colours, palettes, 1 to 16 bit."""

from pathlib import Path

from particleforge.store.readers._pillow import open_image
from particleforge.store.source import Source

SUFFIXES = (".png",)
STARTS = (b"\x89PNG\r\n\x1a\n",)


def open(path: Path) -> Source:
    """Open a PNG."""
    from PIL.PngImagePlugin import PngImageFile

    return open_image(path, PngImageFile, lossy=False)
